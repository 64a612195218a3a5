//! The API as a program uses it, and the page that signs somebody in.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::TestApp;

impl TestApp {
    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.api(self.http.get(format!("{}/api/v1{path}", self.url)), &self.key).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.api(self.http.post(format!("{}/api/v1{path}", self.url)).json(&body), &self.key)
            .await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        self.api(self.http.post(format!("{}/api/v1{path}", self.url)).json(&body), key)
            .await
    }

    /// As the owner, in the session of `http`.
    pub async fn sign_in(&self) {
        sign_in(&self.http, &self.url, "olga@x.test", "a long password").await;
    }

    pub async fn api(&self, request: reqwest::RequestBuilder, key: &str) -> (u16, Value) {
        let response = request.bearer_auth(key).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// A contact who agreed to be texted; their id.
    pub async fn contact(&self, name: &str, phone: &str) -> String {
        let body = json!({ "name": name, "phone": phone, "opt_in": { "channel": "sms", "source": "booking" } });
        let (status, contact) = self.post("/contacts", body).await;
        assert_eq!(status, 201, "{contact}");
        contact["id"].as_str().expect("an id").to_owned()
    }

    /// Staff write to a contact; the message as it was stored.
    pub async fn reply(&self, contact: &str, body: &str) -> Value {
        let (status, message) = self.post("/messages", json!({ "contact_id": contact, "body": body })).await;
        assert_eq!(status, 202, "{message}");
        message
    }

    /// Why a text may not be written to this contact.
    pub async fn refused_reply(&self, contact: &str) -> String {
        let (status, problem) = self
            .post("/messages", json!({ "contact_id": contact, "body": "Hello?" }))
            .await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("may_not_send")), "{problem}");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// An appointment at this moment; its id.
    pub async fn appointment_at(&self, contact: &str, starts_at: DateTime<Utc>) -> String {
        let body = json!({ "contact_id": contact, "starts_at": starts_at.to_rfc3339() });
        let (status, appointment) = self.post("/appointments", body).await;
        assert_eq!(status, 201, "{appointment}");
        appointment["id"].as_str().expect("an id").to_owned()
    }

    /// An appointment so many hours from now; its id.
    pub async fn appointment(&self, contact: &str, hours: i64) -> String {
        self.appointment_at(contact, self.s.now() + chrono::Duration::hours(hours))
            .await
    }

    pub async fn see_appointment(&self, appointment: &str) -> Value {
        let (status, seen) = self.get(&format!("/appointments/{appointment}")).await;
        assert_eq!(status, 200, "{seen}");
        seen
    }

    pub async fn move_appointment(&self, appointment: &str, starts_at: DateTime<Utc>) -> (u16, Value) {
        let patch = self
            .http
            .patch(format!("{}/api/v1/appointments/{appointment}", self.url))
            .json(&json!({ "starts_at": starts_at.to_rfc3339() }));
        self.api(patch, &self.key).await
    }

    /// `unknown`, `opted_in` or `opted_out`.
    pub async fn consent(&self, contact: &str) -> String {
        let (_, seen) = self.get(&format!("/contacts/{contact}")).await;
        seen["consent"]["sms"].as_str().unwrap_or_default().to_owned()
    }

    /// Open tasks, oldest first.
    pub async fn open_tasks(&self) -> Vec<Value> {
        self.all("/tasks?status=open").await
    }

    /// Kinds of the open tasks, sorted.
    pub async fn open_task_kinds(&self) -> Vec<String> {
        let tasks = self.open_tasks().await;
        let mut kinds: Vec<String> = tasks.iter().filter_map(|t| t["kind"].as_str().map(str::to_owned)).collect();
        kinds.sort();
        kinds
    }

    /// Every row of a list, page after page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        list_all(&self.http, &self.url, &self.key, path).await
    }

    pub async fn messages_of(&self, contact: &str) -> Vec<Value> {
        self.get(&format!("/messages?contact_id={contact}")).await.1["data"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// The message with this id, as it is now.
    pub async fn message(&self, id: &Value) -> Value {
        let all = self.all("/messages").await;
        all.into_iter().find(|m| m["id"] == *id).expect("the message is there")
    }
}

/// Signs in as the form on the page does.
pub async fn sign_in(http: &reqwest::Client, url: &str, email: &str, password: &str) {
    let page = http.get(format!("{url}/signin")).send().await.expect("an answer");
    let status = page.status();
    let html = page.text().await.expect("a page");
    let action = html.split("action=\"").find(|rest| rest.starts_with("/api/fn/sign_in"));
    let path = action
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_else(|| panic!("no form to sign in ({status}): {html}"));
    let form = [("email", email), ("password", password), ("next", "/inbox")];
    let request = http.post(format!("{url}{path}")).header("accept", "text/html").form(&form);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_redirection(), "{}", answer.status());
}

/// Every row of a list of the API, page after page.
pub async fn list_all(http: &reqwest::Client, url: &str, key: &str, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    let mark = if path.contains('?') { '&' } else { '?' };
    loop {
        let address = format!("{url}/api/v1{path}{cursor}");
        let answer = http.get(&address).bearer_auth(key).send().await.expect("an answer");
        let page: Value = answer.json().await.expect("JSON");
        all.extend(
            page["data"]
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {page}"))
                .iter()
                .cloned(),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("{mark}cursor={next}"),
            None => return all,
        }
    }
}
