// Language and theme: both are the person's choice, and by default the browser's.
import {keep, kept} from './store';

export type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

function first_language(): Language {
    const chosen = kept('language');
    if (chosen === 'en' || chosen === 'zh') {
        return chosen;
    }
    return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function first_theme(): Theme {
    const chosen = kept('theme');
    return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
}

class Look {
    language = $state<Language>(first_language());
    theme = $state<Theme>(first_theme());
    // Counted up when colours change, for what is painted and not styled (charts).
    painted = $state(0);

    constructor() {
        this.#apply();
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => ++this.painted);
    }
    speak(language: Language): void {
        this.language = language;
        keep('language', language);
        this.#apply();
    }
    wear(theme: Theme): void {
        this.theme = theme;
        keep('theme', theme);
        this.#apply();
        ++this.painted;
    }
    #apply(): void {
        document.documentElement.lang = this.language === 'zh' ? 'zh-Hant-TW' : 'en';
        if (this.theme === 'auto') {
            delete document.documentElement.dataset['theme'];
        } else {
            document.documentElement.dataset['theme'] = this.theme;
        }
    }
}

export const look = new Look();
