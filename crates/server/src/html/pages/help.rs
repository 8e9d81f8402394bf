//! Help: keyboard, lights, accessibility.

use serde::Serialize;

use super::parts::Link;
use crate::html::render::Page;

/// The help page (`help.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Help {
    /// Version of the program.
    pub version: String,
    /// Guides and contacts of this installation.
    pub links: Vec<Link>,
}

impl Page for Help {
    const TEMPLATE: &'static str = "help.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            version: "0.1.0".into(), links: vec![Link::new("经办人操作指南", "/help/officer")]
        }]
    }
}
