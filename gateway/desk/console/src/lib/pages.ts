// The pages in the order of the list at the left, with the letter that opens each after g.
import type {Word} from '../i18n/words';

export interface Page {
    name: string;
    word: Word;
    key: string;
}

export const pages: readonly Page[] = [
    {name: 'overview', word: 'nav.overview', key: 'o'},
    {name: 'investors', word: 'nav.investors', key: 'i'},
    {name: 'limits', word: 'nav.limits', key: 'l'},
    {name: 'approvals', word: 'nav.approvals', key: 'a'},
    {name: 'orders', word: 'nav.orders', key: 'r'},
    {name: 'sessions', word: 'nav.sessions', key: 's'},
    {name: 'stop', word: 'nav.stop', key: 'x'},
    {name: 'users', word: 'nav.users', key: 'u'},
    {name: 'account', word: 'nav.account', key: 'm'},
];
