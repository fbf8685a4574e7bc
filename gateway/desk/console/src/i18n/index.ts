// t('key', {name}) says a word in the chosen language. Read inside markup it follows a change of language.
import {look} from '../lib/look.svelte';
import {words, type Word} from './words';

export function t(word: Word, values: Record<string, string | number> = {}): string {
    const said: string = words[word][look.language === 'zh' ? 1 : 0];
    return said.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// A word of a family (state, role, dimension) for a value the desk sent; a value without a word is shown as it is.
export function named(family: string, value: string): string {
    const word = `${family}.${value}`;
    return word in words ? t(word as Word) : value;
}

// What the desk says in both languages.
export function said(english: string, chinese: string): string {
    return look.language === 'zh' && chinese !== '' ? chinese : english;
}
