const count = (await self.showupOutbox.all().catch(() => [])).filter((entry) => !entry.problem).length;
if (count) document.getElementById('waits').textContent = count === 1 ? 'One thing that you wrote waits here and is sent as soon as you are back.' : `${count} things that you wrote wait here and are sent as soon as you are back.`;
addEventListener('online', () => location.reload());
// A connection that comes back is not always said. The worker behind the pages answers GET from what it keeps, and HEAD not.
setInterval(() => fetch('/offline', { method: 'HEAD', cache: 'no-store' }).then((answer) => answer.ok && location.reload()).catch(() => {}), 10_000);
document.getElementById('again').addEventListener('click', () => location.reload());
