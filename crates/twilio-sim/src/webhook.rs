//! Posting to the product's webhooks the way Twilio does (docs/twilio.md §2).

use crate::clock;
use crate::shared::Shared;
use crate::state::{SimMessage, WebhookCall};
use crate::words::new_sid;
use twilio::signature;

/// Characters of an answer that are kept.
const MAX_ANSWER: usize = 2000;

/// Something to post. Posting it twice posts the same form with the same signature and idempotency token.
pub(crate) struct Post {
    url: String,
    account_sid: String,
    message_sid: String,
    message_status: String,
    params: Vec<(String, String)>,
    idempotency_token: String,
}

impl Post {
    /// A fragment of the URL is Twilio's place for options; it is neither sent nor signed.
    pub fn new(url: &str, message: &SimMessage, message_status: &str, params: Vec<(String, String)>) -> Self {
        Self {
            url: url.split_once('#').map_or(url, |(before, _)| before).to_owned(),
            account_sid: message.account_sid.clone(),
            message_sid: message.sid.clone(),
            message_status: message_status.to_owned(),
            params,
            idempotency_token: new_sid(""),
        }
    }

    /// Posts once, and a second time if there was no connection. The call is in the log afterwards.
    pub async fn send(&self, shared: &Shared) -> WebhookCall {
        let _place = shared.calls.acquire().await;
        let mut result = self.attempt(shared).await;
        if result.as_ref().is_err_and(reqwest::Error::is_connect) {
            result = self.attempt(shared).await;
        }
        let (http, answer) = match result {
            Ok((http, answer)) => (Some(http), answer),
            Err(error) => (None, error.without_url().to_string()),
        };
        let call = WebhookCall {
            at: clock::now(),
            url: self.url.clone(),
            message_sid: self.message_sid.clone(),
            message_status: self.message_status.clone(),
            http,
            answer,
        };
        tracing::info!(url = %call.url, sid = %call.message_sid, status = %call.message_status, http = ?call.http, "webhook");
        shared.write(|state| state.log(call.clone()));
        call
    }

    async fn attempt(&self, shared: &Shared) -> Result<(u16, String), reqwest::Error> {
        let token = shared.read(|state| state.token(&self.account_sid).unwrap_or_default().to_owned());
        let shared_key = shared.read(|state| {
            let key = state.shared_key(&self.account_sid);
            key.map(|(id, secret)| (id.to_owned(), secret.to_owned()))
        });
        let mut request = shared.http.post(&self.url);
        let signature = match shared_key {
            Some((id, secret)) => {
                request = request.header(signature::SETTINGS_HEADER, format!("key={id},algorithm=HMAC_SHA256"));
                signature::sign_shared(&secret, &self.url, &self.params)
            }
            None => signature::sign(&token, &self.url, &self.params),
        };
        let response = request
            .header("X-Twilio-Signature", signature)
            .header("I-Twilio-Idempotency-Token", &self.idempotency_token)
            .header("X-Home-Region", "us1")
            .form(&self.params)
            .send()
            .await?;
        let http = response.status().as_u16();
        Ok((http, response.text().await?.chars().take(MAX_ANSWER).collect()))
    }
}

/// Pairs of owned strings.
pub(crate) fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
