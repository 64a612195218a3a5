//! What the files of the built site are called, for the head of every page: the build puts a hash of each into its name. Leptos' own parts
//! would look them up beside the executable, at every page; here they are told once, wherever the site is kept.

use std::collections::HashMap;

use leptos::{WasmSplitManifest, prelude::*};

const NAME: &str = "showup";

/// The site's style, script, WebAssembly, and how its pages are split.
#[derive(Clone)]
pub struct Site {
    css: String,
    js: String,
    wasm: String,
    split: Option<WasmSplitManifest>,
}

impl Site {
    /// `hashes`: the build's list of them, a `what: hash` on each line; without a line, that file has none. `read`: the text of a file
    /// under `/pkg`, if there is one.
    ///
    /// # Errors
    /// When the list of what the pages are split into can't be read.
    pub fn new(hashes: &str, read: impl FnOnce(&str) -> Option<String>) -> Result<Self, serde_json::Error> {
        let hashes: HashMap<&str, &str> = hashes
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(what, hash)| (what.trim(), hash.trim()))
            .collect();
        let hash = |what: &str| hashes.get(what).map(|hash| format!(".{hash}")).unwrap_or_default();
        let script = hashes.get("split").unwrap_or(&"______________________");
        let split = match read(&format!("__wasm_split_manifest{}.json", hash("manifest"))) {
            Some(manifest) => Some(WasmSplitManifest(ArcStoredValue::new((
                "/pkg".to_owned(),
                serde_json::from_str(&manifest)?,
                format!("__wasm_split.{script}.js"),
            )))),
            None => None,
        };
        Ok(Self {
            css: format!("/pkg/{NAME}{}.css", hash("css")),
            js: format!("/pkg/{NAME}{}.js", hash("js")),
            wasm: format!("/pkg/{NAME}{}.wasm", hash("wasm")),
            split,
        })
    }
}

/// The style and the script of every page. Without a [`Site`] in the context there are none.
#[component]
pub fn SiteLinks() -> impl IntoView {
    use_context::<Site>().map(|site| {
        if let Some(split) = site.split {
            provide_context(split);
        }
        let start = format!(
            "import('{}').then(site => site.default({{module_or_path: '{}'}}).then(() => site.hydrate()))",
            site.js, site.wasm
        );
        view! {
            <link id="leptos" rel="stylesheet" href=site.css />
            <link rel="modulepreload" href=site.js crossorigin="" />
            <link rel="preload" href=site.wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
            <script type="module" nonce=leptos::nonce::use_nonce()>
                {start}
            </script>
        }
    })
}
