//! Our numbers: whether Twilio has them, and whether what customers write there comes to us.

use crate::registration::Answer;

use super::{AtTwilio, Facts, Line, Number, Reading, Service, Status, same_address};

const PAGE: &str = "/settings/numbers";
const CONSOLE: &str = "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming";

pub(super) fn lines(facts: &Facts) -> Vec<Line> {
    if facts.numbers.is_empty() {
        let line = Line::new("number", "Number").essential();
        return vec![if facts.shared {
            line.seen(
                Status::Ok,
                "Texts leave from the number that this installation shares; what strangers write there is nobody’s.",
            )
            .fix("Ask for a number of your own.", PAGE)
        } else {
            line.seen(Status::Fail, "This business has no number to text from.")
                .fix("Ask for a number, or add one that you own at Twilio.", PAGE)
        }];
    }
    let mut lines = Vec::new();
    for number in &facts.numbers {
        lines.push(exists(number));
        lines.extend(registered(number));
        if let Reading::Got(found) = &number.found
            && let [at] = found.as_slice()
        {
            lines.push(inbound(facts, number, at));
            lines.extend(services(facts, number));
        }
    }
    lines
}

fn exists(number: &Number) -> Line {
    let line = Line::new(format!("number:{}", number.phone), format!("Number {}", number.shown)).essential();
    let shown = &number.shown;
    let found = match &number.found {
        Reading::Got(found) => found,
        Reading::Refused => return line.seen(Status::Skipped, "Twilio does not know the account."),
        Reading::Absent => return line.seen(Status::Skipped, "This account does not list its numbers."),
        Reading::Unclear(why) => return line.seen(Status::Skipped, format!("It could not be looked up: {why}.")),
    };
    match found.as_slice() {
        [] => line
            .seen(
                Status::Fail,
                format!("{shown} is not in this Twilio account: nothing can leave from it."),
            )
            .fix("Buy it there, or take it off here.", PAGE),
        [at] if !at.sms => line
            .seen(Status::Fail, format!("{shown} can’t text: Twilio has it for calls alone."))
            .fix("Choose a number that can send SMS.", PAGE),
        [at] if !at.in_use => line
            .seen(Status::Warn, format!("Twilio has {shown}, but not in use yet."))
            .fix("Look at the number in Twilio’s console.", CONSOLE),
        [_] => line.seen(Status::Ok, format!("Twilio has {shown}, and it can text.")),
        more => line
            .seen(Status::Warn, format!("Twilio has {shown} {} times.", more.len()))
            .fix("Look at the number in Twilio’s console.", CONSOLE),
    }
}

/// What the carriers say. It holds texts back by itself (`registration`), so that it is not essential here.
fn registered(number: &Number) -> Option<Line> {
    let judgement = number.registration.as_ref()?;
    let status = match judgement.answer {
        Answer::Yes | Answer::Probably => Status::Ok,
        Answer::Wait => Status::Warn,
        Answer::No => Status::Fail,
        Answer::Unknown => Status::Skipped,
    };
    let title = format!("Registration of {}", number.shown);
    let line = Line::new(format!("registration:{}", number.phone), title).seen(status, judgement.reason.clone());
    Some(match status {
        Status::Warn | Status::Fail => line.fix("See what to do beside the number.", PAGE),
        Status::Ok | Status::Skipped => line,
    })
}

/// Services that one of our numbers is in.
fn of<'a>(facts: &'a Facts, number: &'a Number) -> impl Iterator<Item = &'a Service> {
    let all: &[Service] = match &facts.services {
        Reading::Got(all) => all,
        _ => &[],
    };
    all.iter().filter(|service| service.phones.contains(&number.phone))
}

/// Who gets what customers write: the service's address, or the number's where the service says so or there is none.
fn inbound(facts: &Facts, number: &Number, at: &AtTwilio) -> Line {
    let line = Line::new(
        format!("inbound:{}", number.phone),
        format!("Answers to {} come here", number.shown),
    )
    .essential();
    let ours = facts.inbound_url();
    let change = format!("Set “A message comes in” to {ours}#rc=5&rp=all with POST.");
    let service = of(facts, number).next();
    let (url, method, whose) = match service {
        Some(service) if !service.uses_number => (
            &service.inbound_url,
            &service.inbound_method,
            format!("the Messaging Service {}", service.name),
        ),
        _ => (&at.sms_url, &at.sms_method, "the number".to_owned()),
    };
    if at.application && service.is_none_or(|service| service.uses_number) {
        return line
            .seen(Status::Fail, "A TwiML app at Twilio answers in place of Showup.")
            .fix("Take the app off the number’s messaging settings.", CONSOLE);
    }
    if url.is_empty() {
        return line
            .seen(
                Status::Fail,
                format!("{whose} has no address for what comes in: customers’ answers are thrown away."),
            )
            .fix(change, PAGE);
    }
    if !same_address(url, &ours) {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        return line
            .seen(Status::Fail, format!("{whose} sends what comes in to {url}, not here."))
            .fix(change, PAGE);
    }
    if !method.eq_ignore_ascii_case("post") {
        return line
            .seen(
                Status::Fail,
                format!("{whose} calls us with {method}; only POST is answered."),
            )
            .fix(change, PAGE);
    }
    let patient = url.contains("#") && url.contains("rc=");
    if !patient && at.fallback_url.is_empty() {
        return line
            .seen(
                Status::Warn,
                "It comes here, but Twilio tries only once; what is missed waits for the next comparison with its log.",
            )
            .fix(change, PAGE);
    }
    line.seen(
        Status::Ok,
        "What customers write comes here with POST. How texts fare is told to the address that each text carries.",
    )
}

fn services(facts: &Facts, number: &Number) -> Option<Line> {
    let line = Line::new(
        format!("service:{}", number.phone),
        format!("Messaging Services of {}", number.shown),
    );
    let names: Vec<&str> = of(facts, number).map(|service| service.name.as_str()).collect();
    match (&facts.services, names.as_slice()) {
        (Reading::Unclear(why), _) => Some(line.seen(Status::Skipped, format!("They could not be read: {why}."))),
        (Reading::Refused | Reading::Absent, _) => None,
        (_, []) => Some(line.seen(Status::Ok, "It is in no Messaging Service, and needs none outside the USA.")),
        (_, [one]) => Some(line.seen(Status::Ok, format!("It is in the Messaging Service {one}."))),
        (_, more) => Some(
            line.seen(
                Status::Warn,
                format!("It is in several Messaging Services: {}.", more.join(", ")),
            )
            .fix(
                "Leave it in one of them; which one answers is not said.",
                "https://console.twilio.com/us1/develop/sms/services",
            ),
        ),
    }
}
