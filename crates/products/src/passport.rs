//! The passport: what anybody may know of a product.

use base::{Date, Digest, Id, canonical_json, kind};
use serde::Serialize;

use crate::{Error, Field, Month, PlanDraft, Product, ProductKind, ProductState, Source};

/// What anybody may know of a product, with a digest over all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passport {
    /// Id.
    pub id: Id<kind::Product>,
    /// Name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Legal form.
    pub form: String,
    /// What it does.
    pub kind: ProductKind,
    /// Where it stands.
    pub state: ProductState,
    /// Approved scenarios.
    pub scenarios: Vec<String>,
    /// The operator.
    pub operator: Id<kind::Unit>,
    /// Units whose data is in it.
    pub providers: Vec<Id<kind::Unit>>,
    /// Resources that are in it.
    pub resources: Vec<Id<kind::Resource>>,
    /// `release` (left the domain through the airlock) or `serving` (answered inside it).
    pub source_kind: &'static str,
    /// Digest of the released bytes or of the serving definition.
    pub source_digest: Digest,
    /// What a call must carry.
    pub parameters: Vec<Field>,
    /// What an answer carries.
    pub response: Vec<Field>,
    /// Whether it says something about natural persons.
    pub personal: bool,
    /// The case under which it was filed.
    pub filing: Option<Id<kind::Case>>,
    /// The price in force.
    pub price: Option<PlanDraft>,
    /// SHA-256 of the canonical JSON of all the above.
    #[serde(skip_serializing_if = "is_unset")]
    pub digest: Digest,
}

const UNSET: Digest = Digest([0; 32]);

fn is_unset(digest: &Digest) -> bool {
    *digest == UNSET
}

impl Passport {
    /// The passport of a product on a day.
    ///
    /// # Errors
    /// [`Error::Product`] when it cannot be written down.
    pub fn of(product: &Product, on: Date) -> Result<Self, Error> {
        let mut passport = Self {
            id: product.id,
            name: product.name.clone(),
            description: product.description.clone(),
            form: product.form.clone(),
            kind: product.kind,
            state: product.state,
            scenarios: product.scenarios.clone(),
            operator: product.operator,
            providers: product.providers.clone(),
            resources: product.resources.clone(),
            source_kind: match product.source {
                Source::Release { .. } => "release",
                Source::Serving { .. } => "serving",
            },
            source_digest: product.source.digest(),
            parameters: product.parameters.clone(),
            response: product.response.clone(),
            personal: product.is_personal(),
            filing: product.filing,
            price: product.plan_for(Month::of(on)).map(|plan| plan.draft().clone()),
            digest: UNSET,
        };
        let bytes = canonical_json(&passport).map_err(|_| Error::Product { what: "passport" })?;
        passport.digest = Digest::of(&bytes);
        Ok(passport)
    }
}
