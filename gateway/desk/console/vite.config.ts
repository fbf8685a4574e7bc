// The build of the console: one page, one script, one style sheet, all from the desk itself. Nothing is
// inlined into the page, since the desk's Content-Security-Policy forbids inline scripts and styles.
import {svelte} from '@sveltejs/vite-plugin-svelte';
import {defineConfig} from 'vite';

export default defineConfig({
    base: './',
    plugins: [svelte()],
    build: {
        outDir: process.env.FAIRLEAD_CONSOLE_OUT ?? 'dist',
        emptyOutDir: true,
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: {polyfill: false},
        reportCompressedSize: false,
    },
    server: {proxy: {'/api': {target: process.env.FAIRLEAD_DESK ?? 'http://127.0.0.1:8610', ws: true, secure: false}}},
});
