import { showup } from './showup.mjs';

const since = '2025-01-01T00:00:00Z';
let cursor = '';
do {
  const page = await showup('GET', `/appointments?updated_since=${since}&limit=100&cursor=${cursor}`);
  for (const visit of page.data) console.log(visit.id, visit.status);
  cursor = page.next_cursor;
} while (cursor);
