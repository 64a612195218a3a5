//! The one cryptography provider of the process.

use std::sync::Once;

/// Makes `ring` the process's provider for TLS. Call it before any `reqwest` client is built: with `rustls-no-provider` a client
/// panics without one. Calling it again, or after somebody else installed a provider, does nothing.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS provider was already installed");
        }
    });
}
