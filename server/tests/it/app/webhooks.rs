//! Twilio at the door: webhooks, signed as it signs them.

use serde_json::Value;
use twilio::signature;

use super::{INBOUND, NUMBER, STATUS, TestApp};

impl TestApp {
    /// A webhook as Twilio would sign it.
    pub fn signed(&self, path: &str, params: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.signed_with(self.sim.auth_token(), path, params)
    }

    pub fn signed_with(&self, token: &str, path: &str, params: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let owned: Vec<(String, String)> = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let url = format!("{}{path}", self.url);
        let signature = signature::sign(token, &url, &owned);
        self.http.post(url).header("X-Twilio-Signature", signature).form(&owned)
    }

    /// A customer texts the business through Twilio's webhook, but past the simulator, whose network would opt people out by itself.
    pub async fn receives(&self, sid: &str, from: &str, body: &str) {
        let answer = self
            .signed(INBOUND, &self.text(sid, from, body))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{body}");
    }

    /// Twilio says how a message is doing; the HTTP status of the answer.
    pub async fn status_callback(&self, message: &Value, sid: &str, status: &str) -> u16 {
        self.status_callback_with(message, sid, status, &[]).await
    }

    pub async fn status_callback_with(&self, message: &Value, sid: &str, status: &str, more: &[(&str, &str)]) -> u16 {
        let path = format!("{STATUS}?message_id={}", message["id"].as_str().expect("an id"));
        let mut params = vec![
            ("MessageSid", sid),
            ("AccountSid", self.sim.account_sid()),
            ("MessageStatus", status),
        ];
        params.extend_from_slice(more);
        let answer = self.signed(&path, &params).send().await.expect("an answer");
        answer.status().as_u16()
    }

    pub fn text<'a>(&'a self, sid: &'a str, from: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MessageSid", sid),
            ("AccountSid", self.sim.account_sid()),
            ("From", from),
            ("To", NUMBER),
            ("Body", body),
            ("NumMedia", "0"),
        ]
    }
}
