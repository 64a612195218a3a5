// Twilio's own Node SDK against the simulator at SIM_URL: one line per check, exit code 0 only if all hold.
import { createServer } from "node:http";
import { once } from "node:events";
import twilio from "twilio";

const { SIM_URL, SIM_ACCOUNT_SID, SIM_AUTH_TOKEN } = process.env;
const FROM = "+15550001111";
const TO = "+14155550100";

/** The SDK only knows Twilio's hosts; this sends its requests to the simulator instead. */
class SimClient extends twilio.RequestClient {
  request(options) {
    return super.request({ ...options, uri: options.uri.replace(/^https:\/\/[a-z]+\.twilio\.com/, SIM_URL) });
  }
}

let failed = 0;
function check(what, holds, seen) {
  if (!holds) failed += 1;
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : ` ${JSON.stringify(seen)}`}`);
}

const received = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const params = Object.fromEntries(new URLSearchParams(body));
  const url = `http://${request.headers.host}${request.url}`;
  const valid = twilio.validateRequest(SIM_AUTH_TOKEN, request.headers["x-twilio-signature"], url, params);
  received.push({ path: request.url, params, valid, headers: request.headers });
  response.writeHead(200, { "content-type": "text/xml" }).end("<Response/>");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const hooks = `http://127.0.0.1:${server.address().port}`;

async function until(holds) {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) if (await holds()) return true;
  return false;
}
const refused = (promise) => promise.then(() => null, (error) => error);
const control = (path, body) =>
  fetch(`${SIM_URL}/control/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const sdk = (token) => twilio(SIM_ACCOUNT_SID, token, { httpClient: new SimClient() });
const client = sdk(SIM_AUTH_TOKEN);

const created = await client.messages.create({ to: TO, from: FROM, body: "Grüße 👋 & <b>", statusCallback: `${hooks}/status?id=1&x=a%20b` });
check("create gives a sid", /^SM[0-9a-f]{32}$/.test(created.sid), created.sid);
check("create is queued", created.status === "queued", created.status);
check("create has a date", created.dateCreated instanceof Date && !Number.isNaN(created.dateCreated.getTime()), created.dateCreated);
check("create counts segments", created.numSegments === "1", created.numSegments);
check("create is outbound-api", created.direction === "outbound-api", created.direction);

check("both reports arrive", await until(() => received.length >= 2), received);
check("reports are sent, then delivered", received.map((r) => r.params.MessageStatus).join() === "sent,delivered", received);
check("reports name the message", received.every((r) => r.params.MessageSid === created.sid && r.params.SmsSid === created.sid), received);
check("reports are signed as the SDK expects", received.every((r) => r.valid), received);
check("reports come from TwilioProxy", received.every((r) => r.headers["user-agent"] === "TwilioProxy/1.1"), received);
check("reports have an idempotency token", received.every((r) => r.headers["i-twilio-idempotency-token"]), received);

const fetched = await client.messages(created.sid).fetch();
check("fetch gives the same message", fetched.sid === created.sid && fetched.body === created.body, fetched);
check("fetch shows it delivered", fetched.status === "delivered", fetched.status);
check("fetch has the date it was sent", fetched.dateSent instanceof Date, fetched.dateSent);

for (let n = 0; n < 5; n += 1) await client.messages.create({ to: TO, from: FROM, body: `number ${n}` });
const listed = await client.messages.list({ to: TO, pageSize: 2 });
check("list follows its pages", listed.length === 6 && new Set(listed.map((m) => m.sid)).size === 6, listed.length);
check("list is newest first", listed[0].body === "number 4" && listed[5].sid === created.sid, listed.map((m) => m.body));
const hour = 3_600_000;
const recent = await client.messages.list({ to: TO, dateSentAfter: new Date(Date.now() - hour), dateSentBefore: new Date(Date.now() + hour) });
check("list by time finds them", recent.length === 6, recent.length);
const old = await client.messages.list({ to: TO, dateSentBefore: new Date(Date.now() - hour) });
check("list by another time does not", old.length === 0, old.length);
check("list by another number does not", (await client.messages.list({ to: "+14155559999" })).length === 0);

const service = await client.messages.create({ to: TO, messagingServiceSid: `MG${"0".repeat(32)}`, body: "by service" });
check("a Messaging Service accepts", service.status === "accepted" && service.from === null && service.numSegments === "0", service);

const redacted = await client.messages(created.sid).update({ body: "" });
check("update redacts", redacted.body === "", redacted.body);
const account = await client.api.v2010.accounts(SIM_ACCOUNT_SID).fetch();
check("the account is active", account.status === "active", account);
const numbers = await client.incomingPhoneNumbers.list();
check("numbers are listed", numbers.some((n) => n.phoneNumber === FROM), numbers);

const wrong = await refused(sdk("wrong").messages.create({ to: TO, from: FROM, body: "x" }));
check("a wrong token is 401 20003", wrong?.status === 401 && wrong?.code === 20003, wrong);
const magic = await refused(client.messages.create({ to: "+15005550001", from: FROM, body: "x" }));
check("a magic number is 400 21211", magic?.status === 400 && magic?.code === 21211, magic);
const none = await refused(client.messages(`SM${"f".repeat(32)}`).fetch());
check("an unknown message is 404 20404", none?.status === 404 && none?.code === 20404, none);

received.length = 0;
await control("inbound-url", { url: `${hooks}/inbound` });
await control("inbound", { from: TO, to: FROM, body: "stop" });
check("an inbound text is posted", received.length === 1 && received[0].params.Body === "stop", received);
check("an inbound text is signed as the SDK expects", received[0]?.valid, received);
const optedOut = await refused(client.messages.create({ to: TO, from: FROM, body: "x" }));
check("after STOP a create is 400 21610", optedOut?.status === 400 && optedOut?.code === 21610, optedOut);
await control("faults", { kind: "rate_limit" });
const limited = await refused(client.messages.create({ to: "+14155550199", from: FROM, body: "x" }));
check("an armed rate limit is 429 20429", limited?.status === 429 && limited?.code === 20429, limited);

const OURS = `whatsapp:${FROM}`;
const ANN = "whatsapp:+491701234567";
await control("senders", { phone: FROM });
const types = { "twilio/quick-reply": { body: "Hi {{1}}, your visit is tomorrow. Can you come?", actions: [{ type: "QUICK_REPLY", id: "y_{{2}}", title: "Yes" }] } };
const contents = client.content.v1.contents;
const content = await contents.create({ friendly_name: "reminder", language: "en", variables: { 1: "Ana", 2: "x" }, types });
check("a content has a sid", /^HX[0-9a-f]{32}$/.test(content.sid) && content.accountSid === SIM_ACCOUNT_SID, content);
check("a content has dates", content.dateCreated instanceof Date && !Number.isNaN(content.dateCreated.getTime()), content.dateCreated);
check("a content has its kinds", content.types["twilio/quick-reply"].actions[0].title === "Yes", content.types);
const approval = await contents(content.sid).approvalCreate.create({ name: "reminder_1", category: "UTILITY" });
check("handed in, it is received", approval.status === "received" && approval.allowCategoryChange === true, approval);
const nested = await contents(content.sid).approvalFetch().fetch();
check("its approval stands under its channel", nested.whatsapp.status === "received" && nested.accountSid === SIM_ACCOUNT_SID, nested);
const frozen = await refused(contents(content.sid).update({ types }));
check("what was handed in is frozen", frozen?.status === 400, frozen);
for (let n = 0; n < 3; n += 1) await contents.create({ friendly_name: `n${n}`, language: "en", types });
const sweep = await client.content.v1.contentAndApprovals.list({ pageSize: 2 });
check("contents follow their pages", sweep.length === 4 && sweep[3].approvalRequests.name === "reminder_1", sweep);
check("what was never handed in says so", sweep[0].approvalRequests.status === "unsubmitted", sweep[0]);
const noTypes = await refused(contents.create({ language: "en", types: {} }));
check("a content without kinds is 400 92001", noTypes?.status === 400 && noTypes?.code === 92001, noTypes);
check("a content is deleted", (await contents(sweep[0].sid).remove()) && (await refused(contents(sweep[0].sid).fetch()))?.status === 404);

await control(`contents/${content.sid}/approval`, { status: "approved" });
received.length = 0;
const template = await client.messages.create({
  to: ANN, from: OURS, contentSid: content.sid, contentVariables: JSON.stringify({ 1: "Ann", 2: "k9" }), statusCallback: `${hooks}/status`,
});
check("a template is rendered", template.body.startsWith("Hi Ann, your visit") && template.to === ANN, template);
check("reports of a template arrive", await until(() => received.length >= 2), received);
check("reports of a template are signed", received.every((r) => r.valid && r.params.StructuredMessage === "true"), received);
const badValues = await refused(client.messages.create({ to: ANN, from: OURS, contentSid: content.sid, contentVariables: "{" }));
check("bad values are 400 21656", badValues?.status === 400 && badValues?.code === 21656, badValues);

const senders = await client.messaging.v2.channelsSenders.list({ channel: "whatsapp" });
check("senders are listed", senders.length === 1 && senders[0].senderId === OURS && senders[0].status === "ONLINE", senders);
const sender = client.messaging.v2.channelsSenders(senders[0].sid);
const changed = await sender.update({ webhook: { callback_url: `${hooks}/whatsapp`, callback_method: "POST" } });
check("a sender is changed in one part", changed.webhook.callbackUrl === `${hooks}/whatsapp` && changed.profile === null, changed);
const renamed = await sender.update({ profile: { name: "Bright Dental" } });
check("a name is looked at first", renamed.pendingDisplayNameStatus === "PENDING_REVIEW" && renamed.displayNameStatus === "updating", renamed);
received.length = 0;
await control("inbound", { from: ANN, to: OURS, tap: { message_sid: template.sid, button: "Yes" } });
const [tap] = received;
check("a tap is posted to the sender's address", tap?.path === "/whatsapp" && tap.valid, received);
check("a tap brings its id and its message", tap?.params.ButtonPayload === "y_k9" && tap.params.OriginalRepliedMessageSid === template.sid, tap);
const typing = await client.messaging.v3.typingIndicator.create({ channel: "WHATSAPP", messageId: tap.params.MessageSid });
check("typing is shown", typing.success === true, typing);

server.close();
server.closeAllConnections();
process.exit(failed === 0 ? 0 : 1);
