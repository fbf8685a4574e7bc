// The console of the risk desk, put into the page.
import {mount} from 'svelte';
import App from './App.svelte';
import './app.css';

const target = document.getElementById('app');
if (target !== null) {
    mount(App, {target});
}
