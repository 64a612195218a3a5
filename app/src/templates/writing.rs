//! A text that is being written: what stands in its fields, and how it would arrive.

use std::time::Duration;

use contract::templates::{ApprovalView, TemplatePage, TemplatePreview, TemplateVersionView, TemplateView};
use leptos::{html, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{list_template_versions, preview_template};

/// After a pause in typing it is shown anew.
pub const PAUSE: Duration = Duration::from_millis(300);

/// What is being written, and how it would arrive.
#[derive(Clone, Copy)]
pub struct Writing {
    pub template: RwSignal<TemplateView>,
    pub body: RwSignal<String>,
    pub subject: RwSignal<Option<String>>,
    /// None: an invented one.
    pub visit: RwSignal<Option<Uuid>>,
    pub preview: RwSignal<TemplatePreview>,
    /// Grows with each question, so that a late answer to an earlier one is not shown.
    asked: StoredValue<u32>,
    pub area: NodeRef<html::Textarea>,
    /// The subject's field.
    pub line: NodeRef<html::Input>,
    pub versions: RwSignal<Vec<TemplateVersionView>>,
}

impl Writing {
    pub fn new(open: TemplatePage) -> Self {
        Self {
            body: RwSignal::new(open.template.body.clone()),
            subject: RwSignal::new(open.template.subject.clone()),
            template: RwSignal::new(open.template),
            visit: RwSignal::new(None),
            preview: RwSignal::new(open.preview),
            asked: StoredValue::new(0),
            area: NodeRef::new(),
            line: NodeRef::new(),
            versions: RwSignal::new(open.versions),
        }
    }

    /// Kind, channel and language.
    pub fn which(self) -> (String, String, String) {
        self.template
            .with_untracked(|one| (one.kind.clone(), one.channel.clone(), one.language.clone()))
    }

    /// How it would arrive as it stands now.
    pub fn show(self) {
        let asked = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let (kind, channel, language) = self.which();
        let (Some(body), Some(subject), Some(visit)) = (
            self.body.try_get_untracked(),
            self.subject.try_get_untracked(),
            self.visit.try_get_untracked(),
        ) else {
            return;
        };
        spawn_local(async move {
            // What can't be shown now is shown with the next letter.
            let Ok(shown) = preview_template(kind, channel, language, body, subject, visit).await else {
                return;
            };
            if self.asked.try_get_value() == asked {
                self.preview.try_set(shown);
            }
        });
    }

    /// The text is another one now, by the word of the server.
    pub fn became(self, mut now: TemplateView) {
        // What was handed in stays what it was; other words are not.
        now.approval = self.template.with_untracked(|before| {
            let is_same = before.body == now.body;
            before.approval.clone().map(|approval| ApprovalView {
                is_current: approval.is_current && is_same,
                ..approval
            })
        });
        if let Some(area) = self.area.get_untracked() {
            area.set_value(&now.body);
        }
        if let Some(line) = self.line.get_untracked() {
            line.set_value(now.subject.as_deref().unwrap_or_default());
        }
        self.body.set(now.body.clone());
        self.subject.set(now.subject.clone());
        self.template.set(now);
        self.show();
        let (kind, channel, language) = self.which();
        spawn_local(async move {
            if let Ok(all) = list_template_versions(kind, channel, language).await {
                self.versions.try_set(all);
            }
        });
    }

    /// Puts a variable where the cursor is.
    pub fn insert(self, name: &str) {
        let Some(area) = self.area.get_untracked() else { return };
        let text = area.value();
        let units: Vec<u16> = text.encode_utf16().collect();
        let place = |at: Result<Option<u32>, wasm_bindgen::JsValue>| {
            let at = at.ok().flatten().map_or(units.len(), |at| at as usize);
            at.min(units.len())
        };
        let (from, to) = (place(area.selection_start()), place(area.selection_end()));
        let written = format!("{{{{ {name} }}}}");
        let (before, after) = (
            String::from_utf16_lossy(&units[..from]),
            String::from_utf16_lossy(&units[to.max(from)..]),
        );
        let text = format!("{before}{written}{after}");
        area.set_value(&text);
        let at = (from + written.encode_utf16().count()) as u32;
        _ = area.focus();
        _ = area.set_selection_range(at, at);
        self.body.set(text);
        self.show();
    }
}
