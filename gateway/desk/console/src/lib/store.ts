// The only two things this console keeps in the browser: the language and the theme.

export function kept(name: 'language' | 'theme'): string | null {
    try {
        return localStorage.getItem(`fairlead.${name}`);
    } catch {
        return null;  // storage is switched off: the choice holds until the page is closed
    }
}

export function keep(name: 'language' | 'theme', value: string): void {
    try {
        localStorage.setItem(`fairlead.${name}`, value);
    } catch {
        // As above.
    }
}
