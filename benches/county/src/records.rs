//! The records behind one product call.

use access::{ApiKeyRecord, ApiKeySecret, Role, Standing};
use app::exports::{Export, ExportState, Release, ReleaseFormat, ReleasedFile};
use app::identity::Unit;
use app::products::ProductRecord;
use app::runs::RunResult;
use app::tenants::{Tenant, TenantState};
use app::usages::{KeyEntry, UsageRecord};
use base::{Date, Digest, Id, Timestamp, kind};
use products::{
    Field, FieldType, Product, ProductKind, ProductState, Quota, Source, UsageAgreement, UsageState,
};
use secure_domain::objects::Written;
use vault::SealContext;

use crate::new_id;

/// The product's path.
pub(crate) const CODE: &str = "licences";
/// The agreed scenario.
pub(crate) const SCENARIO: &str = "bench";
/// Days from 1970 of 2000-01-01 and 2100-01-01.
const TERM: (Date, Date) = (Date::from_days(10_957), Date::from_days(47_482));
/// 2100-01-01.
const FAR: Timestamp = Timestamp::from_micros(4_102_444_800_000_000);

/// All of them.
pub(crate) struct Set {
    pub(crate) buyer: Unit,
    pub(crate) operator: Unit,
    pub(crate) tenant: Tenant,
    pub(crate) export: Export,
    pub(crate) product: ProductRecord,
    pub(crate) usage: UsageRecord,
    pub(crate) key: KeyEntry,
}

impl Set {
    /// Records that fit each other.
    pub(crate) fn new(secret: &ApiKeySecret, now: Timestamp) -> Self {
        let buyer = unit("bench-buyer", Role::Buyer);
        let operator = unit("bench-operator", Role::OperatorManager);
        let tenant = tenant(&operator, now);
        let export = export(&tenant, now);
        let product = product(&tenant, &export, now);
        let usage = usage(&product, &buyer, now);
        let key = key(secret, &usage, &buyer, now);
        Self { buyer, operator, tenant, export, product, usage, key }
    }

    /// Where the release is sealed.
    pub(crate) fn context(&self) -> SealContext {
        SealContext { tenant: self.tenant.id, object: self.export.frozen.object }
    }

    /// The same with what was written.
    pub(crate) fn with_release(mut self, written: &Written) -> Self {
        let file =
            ReleasedFile { object: written.object, digest: written.digest, bytes: written.sealed_bytes };
        self.export.frozen.rows = Some(written.rows);
        self.export.release = Some(Release {
            csv: file,
            parquet: file,
            json: None,
            rows: written.rows,
            accuracy: Vec::new(),
            at: self.export.requested,
        });
        self.product.product.source = Source::Release { export: self.export.id, digest: written.digest };
        self
    }
}

fn unit(code: &str, role: Role) -> Unit {
    Unit {
        id: new_id(),
        code: code.to_owned(),
        name: code.to_owned(),
        en: code.to_owned(),
        contact: String::new(),
        roles: vec![role],
        standing: Standing::Active,
    }
}

fn tenant(operator: &Unit, now: Timestamp) -> Tenant {
    Tenant {
        id: new_id(),
        unit: operator.id,
        unit_code: operator.code.clone(),
        unit_name: operator.name.clone(),
        title: "bench".to_owned(),
        pack: "bench".to_owned(),
        case: None,
        parent: None,
        state: TenantState::Active,
        domain: None,
        agreement: None,
        term: Some(TERM),
        opened: None,
        created: now,
        closed_by: None,
        also_closed_by: Vec::new(),
        former: Vec::new(),
        closed_on: Vec::new(),
        was_open: true,
        certificate: None,
        epoch: 0,
    }
}

fn export(tenant: &Tenant, now: Timestamp) -> Export {
    let nothing = Digest::of(b"");
    let frozen = RunResult {
        object: new_id(),
        digest: nothing,
        rows: None,
        cells: None,
        output: Vec::new(),
        report: None,
        ir_digest: nothing,
    };
    Export {
        id: new_id(),
        tenant: tenant.id,
        run: new_id(),
        model: new_id(),
        model_name: "bench".to_owned(),
        purpose: "bench".to_owned(),
        format: ReleaseFormat::Csv,
        frozen,
        manifest: None,
        review: None,
        again: None,
        plant: None,
        state: ExportState::Released,
        requested_by: "bench".to_owned(),
        requested_by_id: new_id(),
        unit: tenant.unit,
        unit_name: tenant.unit_name.clone(),
        requested: now,
        approval: None,
        overtaken: false,
        release: None,
    }
}

fn product(tenant: &Tenant, export: &Export, now: Timestamp) -> ProductRecord {
    let field = |name: &str, field_type| Field {
        name: name.to_owned(),
        title: name.to_owned(),
        field_type,
        required: true,
        personal: false,
        values: Vec::new(),
        min: None,
        max: None,
    };
    let product = Product {
        id: new_id::<kind::Product>(),
        tenant: tenant.id,
        operator: tenant.unit,
        name: "bench".to_owned(),
        description: "bench".to_owned(),
        form: "bench".to_owned(),
        kind: ProductKind::Lookup,
        scenarios: vec![SCENARIO.to_owned()],
        providers: Vec::new(),
        resources: Vec::new(),
        source: Source::Release { export: export.id, digest: export.frozen.digest },
        parameters: vec![field("code", FieldType::Text)],
        response: vec![
            field("code", FieldType::Text),
            field("status", FieldType::Text),
            field("until", FieldType::Text),
            field("flights", FieldType::Integer),
        ],
        filing: None,
        plans: Vec::new(),
        state: ProductState::Listed,
        suspended_by: None,
    };
    ProductRecord {
        product,
        code: CODE.to_owned(),
        operator_name: tenant.unit_name.clone(),
        operator_code: tenant.unit_code.clone(),
        proposed: None,
        created: now,
        numbers: Vec::new(),
        marking: None,
    }
}

fn usage(product: &ProductRecord, buyer: &Unit, now: Timestamp) -> UsageRecord {
    let agreement = UsageAgreement {
        id: new_id(),
        product: product.product.id,
        operator: product.product.operator,
        buyer: buyer.id,
        scenarios: vec![SCENARIO.to_owned()],
        from: TERM.0,
        to: TERM.1,
        quota: Quota { day: Some(u64::from(u32::MAX)), month: Some(u64::from(u32::MAX)) },
        rate_limit: None,
        document: Digest::of(b"bench"),
        signatures: Vec::new(),
        state: UsageState::InForce,
    };
    UsageRecord {
        agreement,
        tenant: product.product.tenant,
        product_name: product.product.name.clone(),
        product_code: product.code.clone(),
        operator_unit: (product.operator_code.clone(), product.operator_name.clone()),
        buyer_unit: (buyer.code.clone(), buyer.name.clone()),
        created: now,
    }
}

fn key(secret: &ApiKeySecret, usage: &UsageRecord, buyer: &Unit, now: Timestamp) -> KeyEntry {
    let key = ApiKeyRecord {
        id: secret.id(),
        digest: secret.digest(),
        issued_by: Id::new(now, [7; 10]),
        unit: buyer.id,
        usage: usage.agreement.id,
        scenarios: vec![SCENARIO.to_owned()],
        valid_until: FAR,
        revoked_at: None,
    };
    KeyEntry { key, unit_code: buyer.code.clone(), created: now }
}
