// The one stream of news that the tabs of a browser share. A browser opens six connections to a server over HTTP/1.1, and a stream keeps
// one: a stream for each tab would leave the seventh tab, and everything else, without an answer.
//
// It runs as a SharedWorker; its address names the business and the person, so that only their tabs meet in it. Where a browser has none
// (Chrome on Android), it runs as the worker of one tab, which leaves while nobody looks at it.
//
// A tab says   ['join', id]         it knows everything up to the event with this id; said again, it asks for what it has missed
//              ['leave']            it is going away
//              ['end']              the person has signed out
// and is told  ['here']             at once: the worker has loaded
//              ['event', id, data]  in order; it may have heard of it already
//              ['resync', id]       more has happened than is known here: read everything again, it goes on after this id
//              ['state', open]      whether the stream is open
//              ['end']              as above
'use strict';

// Whose stream it is, which its own address says beside its version.
const given = new URLSearchParams(location.search);
const whose = new URLSearchParams({ business: given.get('business'), account: given.get('account') });
const KINDS = ['message', 'conversation', 'contact', 'appointment', 'task', 'note', 'seen', 'presence', 'notices', 'import', 'slot'];
const KEPT = 500;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

const tabs = new Set();
let stream;
let isOpen = false;
let wait = FIRST_WAIT;
let timer;
// What came last, oldest first; the id before the first of it; the id of the last.
let recent = [];
let floor = 0;
let last = 0;

const tell = (...news) => tabs.forEach((tab) => tab.postMessage(news));

function open() {
  clearTimeout(timer);
  stream = new EventSource(`/live?${whose}&after=${last}`);
  for (const kind of KINDS) stream.addEventListener(kind, arrived);
  stream.addEventListener('resync', missed);
  stream.onopen = () => {
    wait = FIRST_WAIT;
    tell('state', (isOpen = true));
  };
  stream.onerror = () => {
    tell('state', (isOpen = false));
    // A browser comes back by itself after a break, but not after an answer that was no stream.
    if (stream.readyState === EventSource.CLOSED) {
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  };
}

function close() {
  clearTimeout(timer);
  stream?.close();
  stream = undefined;
  isOpen = false;
}

function arrived({ lastEventId, data }) {
  last = Number(lastEventId);
  recent.push([last, data]);
  if (recent.length > KEPT) [floor] = recent.shift();
  tell('event', last, data);
}

function missed({ lastEventId }) {
  startAt(Number(lastEventId));
  tell('resync', last);
}

function startAt(id) {
  recent = [];
  floor = last = id;
}

function join(tab, id) {
  tabs.add(tab);
  tab.postMessage(['here']);
  if (!stream) {
    startAt(id);
    open();
    return;
  }
  if (id < floor) tab.postMessage(['resync', last]);
  else for (const [each, data] of recent) if (each > id) tab.postMessage(['event', each, data]);
  tab.postMessage(['state', isOpen]);
  if (stream.readyState === EventSource.CLOSED) open();
}

function leave(tab) {
  tabs.delete(tab);
  if (tabs.size === 0) close();
}

function meet(tab) {
  tab.onmessage = ({ data: [word, id] }) => {
    if (word === 'join') join(tab, id);
    else if (word === 'leave') leave(tab);
    else if (word === 'end') {
      leave(tab);
      tell('end');
      tabs.clear();
      close();
    }
  };
}

if ('onconnect' in self) self.onconnect = ({ ports: [port] }) => meet(port);
else meet(self);
