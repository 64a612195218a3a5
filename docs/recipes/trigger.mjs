import { showup } from './showup.mjs';

const wish = new URLSearchParams({ to: '+14155550171', reference: 'recall-4711' });
const sent = await showup('POST', `/trigger/recall?${wish}`);
console.log(sent.body);
