//! What the dev zones get to see of a resource.

use serde::{Deserialize, Serialize};

/// What a twin of a resource is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwinForm {
    /// 合成: rows of nobody, drawn from noisy marginals, with invented identifiers.
    #[default]
    Synthetic,
    /// 抽样: rows of sampled entities behind the masks of the classification. Only where no attack on them gets through.
    Sample,
}
