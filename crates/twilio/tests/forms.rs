//! Webhook forms as Twilio and its imitators send them (docs/twilio.md §3, §6, §12).

use proptest::prelude::*;
use rstest::rstest;
use twilio::forms::{Inbound, Malformed, Status};

const SID: &str = "SM00112233445566778899aabbccddeeff";
const ACCOUNT: &str = "AC00000000000000000000000000000001";

fn inbound(rest: &str) -> Result<Inbound, Malformed> {
    Inbound::parse(format!("MessageSid={SID}&AccountSid={ACCOUNT}&From=%2B14155550100&To=%2B15550001111&{rest}").as_bytes())
}

fn status(rest: &str) -> Result<Status, Malformed> {
    Status::parse(format!("MessageSid={SID}&AccountSid={ACCOUNT}&{rest}").as_bytes())
}

#[test]
fn an_ordinary_text() {
    let text = inbound("Body=Yes+please%21&NumMedia=0&NumSegments=1&SmsStatus=received&FromCity=&New=x").unwrap();
    assert_eq!((text.message_sid.as_str(), text.account_sid.as_str()), (SID, ACCOUNT));
    assert_eq!((text.from.as_str(), text.to.as_str()), ("+14155550100", "+15550001111"));
    assert_eq!((text.body.as_str(), text.num_media, text.num_segments), ("Yes please!", 0, 1));
    assert_eq!(
        (text.opt_out_type, text.messaging_service_sid, text.profile_name),
        (None, None, None)
    );
}

#[test]
fn a_tapped_button_on_whatsapp() {
    let raw = format!(
        "MessageSid=MM{}&AccountSid={ACCOUNT}&From=whatsapp%3A%2B628123&To=whatsapp%3A%2B15550001111&Body=Konfirmasi&ButtonText=Konfirmasi\
         &ButtonPayload=confirm-7&OriginalRepliedMessageSid=MM5cc44&ProfileName=Zo%C3%AB&MessagingServiceSid=MG1",
        "0".repeat(32)
    );
    let text = Inbound::parse(raw.as_bytes()).unwrap();
    assert_eq!(text.from, "whatsapp:+628123");
    assert_eq!(text.button_payload.as_deref(), Some("confirm-7"));
    assert_eq!(text.original_replied_message_sid.as_deref(), Some("MM5cc44"));
    assert_eq!(text.profile_name.as_deref(), Some("Zoë"));
    assert_eq!(text.messaging_service_sid.as_deref(), Some("MG1"));
}

#[rstest]
#[case::first_value_wins("Body=a&Body=b", "a")]
#[case::no_body_at_all("", "")]
#[case::empty("Body=", "")]
#[case::null_is_dropped("Body=a%00b", "ab")]
#[case::blanks_and_line_ends_stay("Body=+a%0D%0A", " a\r\n")]
#[case::a_percent_that_is_none("Body=100%", "100%")]
#[case::half_a_percent_code("Body=%4", "%4")]
#[case::emoji("Body=%F0%9F%91%8D", "👍")]
#[case::bytes_that_were_not_encoded("Body=👍", "👍")]
#[case::equals_in_the_value("Body=a=b", "a=b")]
#[case::stray_separators("&&Body=a&&", "a")]
fn bodies(#[case] rest: &str, #[case] body: &str) {
    assert_eq!(inbound(rest).unwrap().body, body);
}

#[rstest]
#[case::not_utf8("Body=%ff", Malformed::NotAForm)]
#[case::not_utf8_anywhere("Other=%c3", Malformed::NotAForm)]
#[case::no_number("NumMedia=many", Malformed::Bad("NumMedia"))]
#[case::negative("NumSegments=-1", Malformed::Bad("NumSegments"))]
fn malformed(#[case] rest: &str, #[case] why: Malformed) {
    assert_eq!(inbound(rest), Err(why));
}

#[rstest]
#[case::nothing("", Malformed::Missing("MessageSid"))]
#[case::json("{\"MessageSid\": 1}", Malformed::Missing("MessageSid"))]
#[case::empty_sid("MessageSid=SM", Malformed::Bad("MessageSid"))]
#[case::other_sid("MessageSid=CA00112233445566778899aabbccddeeff", Malformed::Bad("MessageSid"))]
#[case::no_account("MessageSid=SM00112233445566778899aabbccddeeff", Malformed::Missing("AccountSid"))]
#[case::no_sender(
    "MessageSid=sm00112233445566778899AABBCCDDEEFF&AccountSid=AC00000000000000000000000000000001&To=1&From=",
    Malformed::Missing("From")
)]
fn without_what_is_needed(#[case] raw: &str, #[case] why: Malformed) {
    assert_eq!(Inbound::parse(raw.as_bytes()), Err(why));
}

#[test]
fn lengths_are_bounded() {
    assert_eq!(
        inbound(&format!("Body={}", "x".repeat(64 * 1024))).unwrap().body.len(),
        64 * 1024
    );
    assert_eq!(
        inbound(&format!("Body={}", "x".repeat(64 * 1024 + 1))),
        Err(Malformed::TooLong("Body"))
    );
    let raw = format!("MessageSid={SID}&AccountSid={ACCOUNT}&To=1&From={}", "1".repeat(257));
    assert_eq!(Inbound::parse(raw.as_bytes()), Err(Malformed::TooLong("From")));
}

#[test]
fn advanced_opt_out_is_read_in_any_case() {
    assert_eq!(
        inbound("Body=stop&OptOutType=stop").unwrap().opt_out_type.as_deref(),
        Some("STOP")
    );
}

#[test]
fn statuses() {
    let delivered =
        status("RawDlrDoneDate=2303072155&SmsStatus=delivered&MessageStatus=Delivered&To=%2B1&From=%2B2&ApiVersion=2010-04-01")
            .unwrap();
    assert_eq!((delivered.message_status.as_str(), delivered.error_code), ("delivered", None));
    let failed = status("MessageStatus=failed&ErrorCode=30007&ErrorMessage=Message+filtered").unwrap();
    assert_eq!(
        (failed.error_code, failed.error_message.as_deref()),
        (Some(30007), Some("Message filtered"))
    );
    assert_eq!(
        status("MessageStatus=delivery_unknown&ErrorCode=").unwrap().message_status,
        "delivery_unknown"
    );
    assert_eq!(status("MessageStatus="), Err(Malformed::Missing("MessageStatus")));
    assert_eq!(status("MessageStatus=<b>"), Err(Malformed::Bad("MessageStatus")));
    assert_eq!(status("MessageStatus=sent&ErrorCode=x"), Err(Malformed::Bad("ErrorCode")));
}

#[test]
fn malformed_speaks_plainly() {
    assert_eq!(Malformed::Missing("From").to_string(), "the form has no From");
    assert_eq!(Malformed::NotAForm.to_string(), "the request is not a form in UTF-8");
}

proptest! {
    #[test]
    fn any_text_survives(body in "[^\\x00]{0,200}") {
        let rest = form_urlencoded::Serializer::new(String::new()).append_pair("Body", &body).finish();
        prop_assert_eq!(inbound(&rest).unwrap().body, body);
    }

    #[test]
    fn any_bytes_are_answered(raw: Vec<u8>) {
        prop_assert!(Inbound::parse(&raw).is_err());
    }
}

/// A tap as it was captured, with other values.
#[test]
fn what_whatsapp_says_beside_a_tap() {
    let text = inbound(
        "MessageType=interactive&ProfileName=Ana&WaId=491701234567&Body=Confirm&ButtonText=Confirm&ButtonPayload=c_9fk2&ButtonType=REPLY\
         &OriginalRepliedMessageSid=MM5cc44&OriginalRepliedMessageSender=whatsapp%3A%2B14155550123&ExternalUserId=whatsapp%3ADE.13491\
         &ParentExternalUserId=whatsapp%3ADE.ENT.118&ProfileUsername=ana.b&Forwarded=false\
         &ChannelMetadata=%7B%22type%22%3A%22whatsapp%22%7D",
    )
    .unwrap();
    let details = text.details;
    assert_eq!(details.message_type.as_deref(), Some("interactive"));
    assert_eq!(
        (details.button_text.as_deref(), details.button_type.as_deref()),
        (Some("Confirm"), Some("REPLY"))
    );
    assert_eq!(
        details.original_replied_message_sender.as_deref(),
        Some("whatsapp:+14155550123")
    );
    assert_eq!(
        (details.wa_id.as_deref(), details.external_user_id.as_deref()),
        (Some("491701234567"), Some("whatsapp:DE.13491"))
    );
    assert_eq!(details.parent_external_user_id.as_deref(), Some("whatsapp:DE.ENT.118"));
    assert_eq!(details.profile_username.as_deref(), Some("ana.b"));
    assert_eq!(details.channel_metadata.as_deref(), Some("{\"type\":\"whatsapp\"}"));
    assert!(!details.forwarded && details.location.is_none() && details.media.is_empty());
}

#[test]
fn places_attachments_lists_and_what_was_passed_on() {
    let place = inbound("MessageType=location&Latitude=52.5&Longitude=13.4&Address=&Label=Clinic&Body=")
        .unwrap()
        .details;
    let place = place.location.unwrap();
    assert_eq!(
        (place.latitude.as_str(), place.address, place.label.as_deref()),
        ("52.5", None, Some("Clinic"))
    );
    assert!(
        inbound("Latitude=52.5").unwrap().details.location.is_none(),
        "half a place is none"
    );
    let media =
        inbound("NumMedia=2&MediaUrl0=https%3A%2F%2Fa&MediaContentType0=image%2Fjpeg&MediaUrl1=https%3A%2F%2Fb&MediaUrl2=c")
            .unwrap();
    let urls: Vec<&str> = media.details.media.iter().map(|m| m.url.as_str()).collect();
    assert_eq!(urls, ["https://a", "https://b"]);
    assert_eq!(media.details.media[1].content_type, "");
    let many = inbound("NumMedia=4294967295&MediaUrl0=a").unwrap().details;
    assert_eq!(many.media.len(), 1, "however many are promised");
    let list = inbound("ListId=row_2&ListTitle=Tomorrow&Body=Tomorrow&Forwarded=true&FrequentlyForwarded=true")
        .unwrap()
        .details;
    assert_eq!(
        (list.list_id.as_deref(), list.list_title.as_deref()),
        (Some("row_2"), Some("Tomorrow"))
    );
    assert!(list.forwarded && list.frequently_forwarded);
}

#[test]
fn somebody_without_a_number() {
    let text = inbound("WaId=&ExternalUserId=whatsapp%3AUS.134").unwrap().details;
    assert_eq!(
        (text.wa_id, text.external_user_id.as_deref()),
        (None, Some("whatsapp:US.134"))
    );
}

#[test]
fn what_whatsapp_says_beside_a_status() {
    let read = status(
        "EventType=READ&SmsStatus=read&MessageStatus=read&ChannelToAddress=%2B49170123XXXX&To=whatsapp%3A%2B491701234567\
         &ChannelPrefix=whatsapp&StructuredMessage=true&From=whatsapp%3A%2B14155550123&ChannelInstallSid=XE1&ExternalUserId=whatsapp%3ADE.1",
    )
    .unwrap();
    assert_eq!(
        (read.message_status.as_str(), read.to.as_deref()),
        ("read", Some("whatsapp:+491701234567"))
    );
    let details = read.details;
    assert_eq!(
        (details.event_type.as_deref(), details.channel_prefix.as_deref()),
        (Some("READ"), Some("whatsapp"))
    );
    assert_eq!(
        (details.channel_to_address.as_deref(), details.channel_install_sid.as_deref()),
        (Some("+49170123XXXX"), Some("XE1"))
    );
    assert!(details.structured && details.external_user_id.as_deref() == Some("whatsapp:DE.1"));
    let failed = status("MessageStatus=undelivered&ErrorCode=63016&ChannelStatusMessage=Outside+the+window").unwrap();
    assert_eq!(failed.details.channel_status_message.as_deref(), Some("Outside the window"));
    assert!(!failed.details.structured);
}
