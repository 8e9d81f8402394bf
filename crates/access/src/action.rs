//! Everything anybody may attempt, as a closed list of dotted names.

use crate::words::words;

words! {
    /// What is attempted. The part before the dot is the topic; policies group actions further (see the schema).
    Action, UnknownAction {
        /// Sign in.
        SessionOpen = "session.open",
        /// Sign out or end another of one's own sessions.
        SessionClose = "session.close",
        /// Change one's own password.
        AccountPassword = "account.password",
        /// See accounts of a unit.
        AccountView = "account.view",
        /// Make, change, suspend an account.
        AccountManage = "account.manage",
        /// Make or end the address of one's own calendar.
        AccountFeed = "account.feed",
        /// Record who passed the training exam (培训考核).
        TrainingRecord = "training.record",

        /// Open a case of a procedure.
        CaseOpen = "case.open",
        /// Give a command that is not a decision: submit, supplement, answer, withdraw.
        CaseAct = "case.act",
        /// Give an opinion or a decision in a case.
        CaseDecide = "case.decide",
        /// Comment in a case.
        CaseComment = "case.comment",
        /// See a case.
        CaseView = "case.view",
        /// Let time pass in a case: clocks, reminders, automatic consequences.
        CaseTick = "case.tick",
        /// Write a paper that the pack wants on an occasion of a case.
        CasePaper = "case.paper",
        /// File an objection (异议).
        ObjectionFile = "objection.file",
        /// Publish a notice (公告、公示).
        NoticePublish = "notice.publish",
        /// Read a notice.
        NoticeView = "notice.view",

        /// Register a public data resource.
        ResourceRegister = "resource.register",
        /// Upload rows of a resource.
        ResourceUpload = "resource.upload",
        /// Confirm classification and grade of columns (分类分级).
        ResourceClassify = "resource.classify",
        /// Publish a resource to the catalog, or take it off.
        ResourcePublish = "resource.publish",
        /// See a resource's metadata; never its rows.
        ResourceView = "resource.view",
        /// See grants of resources to tenants.
        GrantView = "grant.view",
        /// Revoke a grant.
        GrantRevoke = "grant.revoke",

        /// Make a tenant and its keys.
        TenantProvision = "tenant.provision",
        /// See a tenant.
        TenantView = "tenant.view",
        /// Suspend a tenant: access closes in the same transaction.
        TenantSuspend = "tenant.suspend",
        /// Resume a suspended tenant.
        TenantResume = "tenant.resume",
        /// Seal a tenant (封存).
        TenantSeal = "tenant.seal",
        /// Order or approve the destruction of a tenant's keys (销毁); two persons.
        TenantDestroy = "tenant.destroy",
        /// Ingest a snapshot, make its twin.
        SnapshotIngest = "snapshot.ingest",

        /// Query the dev zone.
        WorkbenchQuery = "workbench.query",
        /// Ask for statistics of the raw data, with noise and without a reviewer.
        StatisticAsk = "statistic.ask",
        /// Submit a model for review.
        ModelSubmit = "model.submit",
        /// Review a model.
        ModelReview = "model.review",
        /// See a model's code and papers.
        ModelView = "model.view",
        /// Order a run of an approved model.
        RunOrder = "run.order",
        /// Cancel a run.
        RunCancel = "run.cancel",
        /// See a run's state and disclosure report; never its rows.
        RunView = "run.view",
        /// Execute an ordered run in the prod zone.
        RunExecute = "run.execute",
        /// Ask that a result leave the domain (出域).
        ExportRequest = "export.request",
        /// Vote on an export.
        ExportReview = "export.review",
        /// See an export request and its frozen copy.
        ExportView = "export.view",
        /// Lay a fault over a candidate, to see which reviewers find it.
        ExportPlant = "export.plant",
        /// Rebuild and release an approved export.
        ExportRelease = "export.release",

        /// Create or edit a product.
        ProductCreate = "product.create",
        /// Save a price plan.
        ProductPrice = "product.price",
        /// Put a product on the market (上架).
        ProductList = "product.list",
        /// Take a product off the market for a time.
        ProductSuspend = "product.suspend",
        /// Let a suspended product be called again.
        ProductResume = "product.resume",
        /// Withdraw a product for good.
        ProductWithdraw = "product.withdraw",
        /// See a product.
        ProductView = "product.view",
        /// Name the buyer of a leaked part of a data set.
        ProductTrace = "product.trace",
        /// Call a product.
        ProductCall = "product.call",
        /// Draft a usage agreement.
        UsageDraft = "usage.draft",
        /// Sign a usage agreement.
        UsageSign = "usage.sign",
        /// End a usage agreement.
        UsageTerminate = "usage.terminate",
        /// See a usage agreement.
        UsageView = "usage.view",
        /// Issue an API key under a usage agreement.
        KeyIssue = "apikey.issue",
        /// Revoke an API key.
        KeyRevoke = "apikey.revoke",
        /// See which keys exist; never their secrets.
        KeyView = "apikey.view",

        /// See metered calls.
        MeterView = "meter.view",
        /// Make the month's bill.
        BillIssue = "bill.issue",
        /// Add an adjustment line to a bill.
        BillAdjust = "bill.adjust",
        /// See a bill.
        BillView = "bill.view",
        /// Record costs.
        CostRecord = "cost.record",
        /// See cost accounts and return rates.
        CostView = "cost.view",

        /// See checkpoints, tiles and records' proofs.
        LedgerView = "ledger.view",
        /// Verify a record.
        LedgerVerify = "ledger.verify",
        /// Sequence journal digests and sign checkpoints.
        LedgerSequence = "ledger.sequence",
        /// Read the journal.
        JournalView = "journal.view",
        /// See a certificate.
        CertificateView = "certificate.view",
        /// Issue a certificate.
        CertificateIssue = "certificate.issue",

        /// Read regulation packs.
        PackView = "pack.view",
        /// Propose a pack version for activation.
        PackPropose = "pack.propose",
        /// Activate a proposed pack version; not the proposer.
        PackActivate = "pack.activate",
        /// See the figures of the dashboard.
        DashboardView = "dashboard.view",
        /// Operate the platform: backup, workers, configuration.
        AdminOperate = "admin.operate",
        /// Run a background job that has no action of its own.
        JobRun = "job.run",
    }
}

impl Action {
    /// The topic: the part before the dot.
    #[must_use]
    pub fn topic(self) -> &'static str {
        self.key().split_once('.').map_or(self.key(), |(topic, _)| topic)
    }

    /// What kind of thing the action is attempted on.
    #[must_use]
    pub fn applies_to(self) -> crate::Thing {
        use crate::Thing;
        match self.topic() {
            "session" => Thing::Session,
            "account" | "training" => Thing::Account,
            "case" | "objection" => Thing::Case,
            "notice" => Thing::Notice,
            "resource" | "snapshot" => Thing::Resource,
            "grant" => Thing::Grant,
            "tenant" | "workbench" | "statistic" => Thing::Tenant,
            "model" => Thing::Model,
            "run" => Thing::Run,
            "export" => Thing::Export,
            "product" => Thing::Product,
            "usage" | "meter" => Thing::Usage,
            "apikey" => Thing::Key,
            "bill" => Thing::Bill,
            "cost" => Thing::Cost,
            "certificate" => Thing::Certificate,
            "pack" => Thing::Pack,
            // The rest concerns the platform as a whole.
            _ => Thing::Platform,
        }
    }
}
