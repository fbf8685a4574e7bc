// What a limit or a halt is about, in words: "Investor INV0000001", "TWSE", "Firm".
import {named, t} from '../i18n';

export function target_name(scope: string, key: string): string {
    return scope === 'firm' || key === '' ? named('scope', scope) : `${named('scope', scope)} ${key}`;
}

export function limit_name(scope: string, key: string, dimension: string, symbol: string): string {
    return [target_name(scope, key), named('dim', dimension), symbol].filter((part) => part !== '').join(' · ');
}

export function by_whom(user: string, approver: string): string {
    if (user === '') {
        return t('investor.opening');
    }
    return approver === '' ? user : t('investor.approved_by', {user, approver});
}
