//! JSON as Twilio writes it.

use serde_json::{Value, json};

use crate::clock::rfc2822;
use crate::numbers::SimNumber;
use crate::state::{Direction, SimMessage};
use crate::words::segments;

const ACCOUNT_CREATED: &str = "Mon, 05 Jan 2026 09:00:00 +0000";

pub(super) fn message(m: &SimMessage) -> Value {
    let account = &m.account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", m.sid);
    let priced = m.direction == Direction::Inbound || matches!(m.status.as_str(), "delivered" | "undelivered");
    json!({
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": m.body,
        "date_created": rfc2822(m.date_created),
        "date_sent": m.date_sent.map(rfc2822),
        "date_updated": rfc2822(m.date_updated),
        "direction": if m.direction == Direction::Inbound { "inbound" } else { "outbound-api" },
        "error_code": m.error_code,
        "error_message": m.error_code.map(twilio::errors::describe),
        "from": m.from,
        "messaging_service_sid": m.messaging_service_sid,
        "num_media": "0",
        "num_segments": num_segments(m),
        "price": priced.then_some("-0.00790"),
        "price_unit": "USD",
        "sid": m.sid,
        "status": m.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": m.to,
        "uri": format!("{uri}.json"),
    })
}

/// Not counted until a Messaging Service has picked a number.
fn num_segments(m: &SimMessage) -> String {
    if m.from.is_none() {
        "0".into()
    } else {
        segments(&m.body).to_string()
    }
}

pub(super) fn account(sid: &str, parent: Option<&str>) -> Value {
    json!({
        "sid": sid,
        "owner_account_sid": parent.unwrap_or(sid),
        "friendly_name": "Twilio simulator",
        "status": "active",
        "type": "Full",
        "auth_token": null,
        "date_created": ACCOUNT_CREATED,
        "date_updated": ACCOUNT_CREATED,
        "subresource_uris": { "messages": format!("/2010-04-01/Accounts/{sid}/Messages.json") },
        "uri": format!("/2010-04-01/Accounts/{sid}.json"),
    })
}

pub(super) fn number_of(number: &SimNumber) -> Value {
    let (account, sid) = (&number.account_sid, &number.sid);
    json!({
        "sid": sid,
        "account_sid": account,
        "phone_number": number.phone,
        "friendly_name": number.friendly_name,
        "api_version": "2010-04-01",
        "capabilities": { "voice": false, "sms": true, "mms": false, "fax": false },
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_application_sid": number.sms_application_sid,
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "status": "in-use",
        "status_callback": "",
        "date_created": ACCOUNT_CREATED,
        "date_updated": ACCOUNT_CREATED,
        "uri": format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json"),
    })
}
