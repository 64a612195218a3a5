//! What WhatsApp does not take as it was sent, and may take otherwise: free text once the window is closed, and a wording that it has paused.

use domain::{
    consent::Channel,
    outcome::{Class, Failure},
};
use entity::messages::message;

use crate::{
    channels, contacts,
    kernel::{Result, Tx},
    twins,
};

/// How often one message is tried otherwise.
const MOST: i32 = 2;

/// Whether this message may go out otherwise than it did, which its next claim decides. What its failure says about the window and the wording
/// is written down in any case: nothing else goes out that way meanwhile.
pub(crate) async fn may_go_otherwise(tx: &mut Tx, m: &message::Model, why: &Failure) -> Result<bool> {
    if channels::of(m) != Some(Channel::WhatsApp) {
        return Ok(false);
    }
    let carried = match why.class {
        Class::WindowClosed => {
            contacts::whatsapp::close_window(tx, m.contact_id, &m.theirs, &m.ours).await?;
            twins::is_carried(tx, m).await?
        }
        Class::Wording => twins::hold(tx, m, &why.words).await?,
        _ => false,
    };
    Ok(carried && m.retries < MOST)
}
