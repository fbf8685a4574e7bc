// The overview, which every page's head shows too, and what proposals and halts there are: kept by the shell.
import type {Overview} from './api_types';

class Now {
    overview = $state.raw<Overview | null>(null);
}

export const now = new Now();
