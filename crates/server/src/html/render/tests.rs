//! Every template with every sample in every language.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::html::pages::parts::Choice;
use crate::html::pages::shell::{Notice, NoticeKind};
use crate::html::pages::{
    admin, airlock, announcements, authorisations, case, catalog, change, declaration, duties, error, form,
    help, holidays, inbox, isolation, ledger, market, models, pack_checks, pack_versions, packs, portal,
    products, runs, sign_in, statistics, tenant, topups, trace, twin, twin_list, workbench,
};

/// A rendered sample: template, number, language, HTML.
struct Rendered {
    template: &'static str,
    number: usize,
    language: Language,
    html: String,
}

impl Rendered {
    fn name(&self) -> String {
        let stem = self.template.trim_end_matches(".html");
        format!("{stem}-{}-{}.html", self.number, self.language.tag())
    }
}

fn renderer() -> Renderer {
    Renderer::load(&Assets::load()).unwrap()
}

fn shell_of(template: &str, number: usize) -> Shell {
    let public = template.starts_with("portal") || template == "sign_in.html";
    let mut shell = if public || (template == "error.html" && number == 1) {
        let path = match template.trim_start_matches("portal_").trim_end_matches(".html") {
            "home" => "/portal",
            "announcements" => "/portal/announcements",
            "operators" => "/portal/operators",
            "products" => "/portal/products",
            "objections" => "/portal/objections",
            "ledger" => "/portal/ledger",
            _ => "/sign-in",
        };
        Shell::public("示例县", "2026年9月28日 星期一", path)
    } else {
        let code = template.trim_end_matches(".html").trim_start_matches("admin_");
        Shell::sample(match code {
            "airlock_review" => "airlock",
            "trace" => "products",
            "case" => "inbox",
            "case_open" | "case_start" => "start",
            "announcement_edit" => "announcements",
            "authorisation" => "authorisations",
            "resource" | "resource_register" | "twin" | "declaration" => "catalog",
            "statistics" | "statistic" => "workbench",
            "model" => "models",
            "run" | "run_order" => "runs",
            "agreement" => "agreements",
            "bill" => "metering",
            "pack" | "pack_document" => "packs",
            "product" | "product_price" => "products",
            "tenant" => "tenants",
            other => other,
        })
    };
    if template == "catalog.html" {
        shell.notice = Some(Notice { kind: NoticeKind::Done, text: "已登记资源。".into() });
    }
    if template == "runs.html"
        && let Some(user) = &mut shell.user
    {
        user.roles = vec![Choice::new("engineer", "数据工程师", true)];
    }
    shell
}

fn add<P: Page>(renderer: &Renderer, all: &mut Vec<Rendered>) {
    let samples = P::samples();
    assert!(!samples.is_empty(), "{} has no sample", P::TEMPLATE);
    for (number, sample) in samples.iter().enumerate() {
        for language in Language::ALL {
            let shell = shell_of(P::TEMPLATE, number);
            let html = renderer.render(language, &shell, sample).unwrap_or_else(|error| {
                let mut text = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(cause) = source {
                    text = format!("{text}\n{cause:#}");
                    source = cause.source();
                }
                panic!("{} sample {number} {}: {text}", P::TEMPLATE, language.tag())
            });
            all.push(Rendered { template: P::TEMPLATE, number, language, html });
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one line a page")]
fn all() -> Vec<Rendered> {
    let renderer = renderer();
    let mut all = Vec::new();
    macro_rules! pages { ($($page:ty),+ $(,)?) => { $( add::<$page>(&renderer, &mut all); )+ } }
    pages!(
        sign_in::SignIn,
        sign_in::PasswordChange,
        inbox::Inbox,
        case::CasePage,
        form::CaseStart,
        form::CaseOpen,
        announcements::Announcements,
        announcements::AnnouncementEdit,
        catalog::Catalog,
        catalog::ResourcePage,
        change::ChangePage,
        topups::TopUpsPage,
        twin_list::TwinsPage,
        declaration::DeclarationPage,
        statistics::Statistics,
        statistics::StatisticPage,
        catalog::ResourceRegister,
        tenant::Tenants,
        tenant::TenantPage,
        workbench::Workbench,
        models::Models,
        models::ModelPage,
        runs::Runs,
        runs::RunOrder,
        runs::RunPage,
        airlock::Airlock,
        airlock::AirlockReview,
        trace::TracePage,
        products::Products,
        products::ProductPage,
        products::ProductPrice,
        market::Agreements,
        market::AgreementPage,
        market::Keys,
        market::Metering,
        market::Bill,
        authorisations::Authorisations,
        authorisations::AuthorisationPage,
        ledger::Ledger,
        ledger::Journal,
        portal::PortalHome,
        portal::PortalAnnouncements,
        portal::PortalAnnouncement,
        portal::PortalOperators,
        portal::PortalProducts,
        portal::PortalProduct,
        portal::PortalObjections,
        portal::PortalObjectionNew,
        portal::PortalLedger,
        admin::AdminPacks,
        admin::AdminPack,
        packs::PackDocument,
        pack_versions::AdminPackVersions,
        pack_versions::AdminPackVersion,
        holidays::AdminHolidays,
        pack_checks::AdminPackCheck,
        pack_checks::AdminPackTest,
        pack_checks::AdminPackCoverage,
        pack_checks::AdminPackNew,
        admin::AdminAccounts,
        admin::AdminJobs,
        isolation::IsolationPage,
        twin::TwinPage,
        duties::DutiesPage,
        help::Help,
        error::ErrorPage,
    );
    all
}

/// A start tag: its name and its attributes.
struct Tag<'a> {
    name: &'a str,
    text: &'a str,
    after: &'a str,
}

impl<'a> Tag<'a> {
    fn attribute(&self, name: &str) -> Option<&'a str> {
        let (_, rest) = self.text.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    }

    fn has(&self, name: &str) -> bool {
        self.text.split([' ', '>', '=']).any(|word| word == name)
    }
}

fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, found)) = rest.split_once('<') {
        let Some((text, after)) = found.split_once('>') else { break };
        rest = after;
        let name = text.split([' ', '/']).next().unwrap_or_default();
        if !text.starts_with(['/', '!']) {
            tags.push(Tag { name, text, after });
        }
    }
    tags
}

#[test]
fn every_page_obeys_the_house_rules() {
    for page in all() {
        let at = page.name();
        let tags = tags(&page.html);
        assert!(page.html.starts_with("<!doctype html>"), "{at}");
        let html = tags.iter().find(|tag| tag.name == "html").unwrap();
        assert_eq!(html.attribute("lang"), Some(page.language.tag()), "{at}");
        assert_eq!(tags.iter().filter(|tag| tag.name == "h1").count(), 1, "{at}: one h1");
        assert_eq!(tags.iter().filter(|tag| tag.name == "main").count(), 1, "{at}: one main");
        for tag in &tags {
            let inline = tag.has("style") || tag.text.contains(" on") && tag.text.contains("=\"javascript");
            assert!(!inline && tag.name != "style", "{at}: inline style or script in {}", tag.text);
            assert!(
                !["click", "change", "submit", "load"].iter().any(|e| tag.has(&format!("on{e}"))),
                "{at}"
            );
            if tag.name == "script" {
                assert!(
                    tag.attribute("src").is_some_and(|src| src.starts_with("/assets/")),
                    "{at}: {}",
                    tag.text
                );
            }
            if tag.name == "img" {
                assert!(tag.attribute("alt").is_some(), "{at}: {}", tag.text);
            }
            for name in ["href", "src", "action", "formaction"] {
                let value = tag.attribute(name).unwrap_or("/");
                let local = value.starts_with(['/', '#', '?']) && !value.starts_with("//");
                assert!(local, "{at}: {name} leaves this server in {}", tag.text);
            }
            if tag.name == "a" || tag.name == "form" {
                let target = tag.attribute(if tag.name == "a" { "href" } else { "action" });
                assert!(target.is_some_and(|target| !target.is_empty()), "{at}: {}", tag.text);
            }
        }
        let title = tags.iter().find(|tag| tag.name == "title").unwrap();
        assert!(!title.after.trim_start().starts_with("–"), "{at}: empty title");
    }
}

#[test]
fn ids_are_unique_and_references_resolve() {
    for page in all() {
        let at = page.name();
        let tags = tags(&page.html);
        let mut ids = BTreeSet::new();
        for id in tags.iter().filter_map(|tag| tag.attribute("id")) {
            assert!(ids.insert(id), "{at}: id {id} twice");
        }
        for tag in &tags {
            for name in ["for", "aria-labelledby", "aria-describedby", "data-copy"] {
                for id in tag.attribute(name).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{at}: {name} points at no {id} in {}", tag.text);
                }
            }
        }
    }
}

#[test]
fn every_control_has_a_label() {
    for page in all() {
        let at = page.name();
        let tags = tags(&page.html);
        let labelled: BTreeSet<_> = tags.iter().filter_map(|tag| tag.attribute("for")).collect();
        for tag in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name)) {
            if tag.attribute("type") == Some("hidden") {
                continue;
            }
            let named = tag.attribute("aria-label").is_some_and(|label| !label.is_empty())
                || tag.attribute("id").is_some_and(|id| labelled.contains(id));
            assert!(named, "{at}: no label for {}", tag.text);
        }
        for tag in tags.iter().filter(|tag| tag.name == "button") {
            assert!(!tag.after.trim_start().starts_with("</button"), "{at}: empty button");
            assert!(tag.attribute("type").is_some(), "{at}: {}", tag.text);
        }
        for tag in tags.iter().filter(|tag| tag.name == "form" && tag.attribute("method") == Some("post")) {
            let (form, _) = tag.after.split_once("</form>").unwrap();
            assert!(form.contains("name=\"csrf\""), "{at}: {} carries no token", tag.text);
        }
    }
}

#[test]
fn every_template_is_rendered_by_a_page() {
    let rendered: BTreeSet<_> = all().iter().map(|page| page.template).collect();
    let frames = ["ui.html", "frame.html", "shell.html", "public.html"];
    for name in Files::iter().filter(|name| !frames.contains(&name.as_ref())) {
        assert!(rendered.contains(name.as_ref()), "no page renders {name}");
    }
}

#[test]
fn values_are_escaped() {
    let mut page = help::Help::samples().remove(0);
    page.version = "<script>alert(1)</script>&\"'/".into();
    let html = renderer().render(Language::English, &Shell::sample("inbox"), &page).unwrap();
    assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;"));
    assert!(html.contains("&lt;/script&gt;&amp;&quot;&#39;/"));
}

/// Keys joined from a prefix and a code.
const JOINED: [&str; 64] = [
    "action-",
    "chart-",
    "check-",
    "closed-",
    "declared-groups-",
    "declared-nulls-",
    "duty-",
    "entity-",
    "error-",
    "export-state-",
    "figure-",
    "format-",
    "frequency-",
    "frozen-",
    "gauge-",
    "grade-",
    "grant-state-",
    "guide-",
    "help-light-",
    "help-number-",
    "import-check-",
    "inbox-empty-",
    "isolation-",
    "follows-",
    "key-",
    "label-",
    "light-",
    "line-",
    "mask-",
    "means-",
    "measure-",
    "menu-",
    "model-",
    "month-",
    "notice-",
    "openness-",
    "overlap-",
    "pack-",
    "password-",
    "period-",
    "plant-fault-",
    "portal-nav-",
    "product-",
    "renewal-state-",
    "residue-",
    "resource-",
    "risk-reason-",
    "risk-tier-",
    "role-",
    "run-state-",
    "sensitive-",
    "source-",
    "standing-",
    "tab-",
    "tenant-stage-",
    "tenant-state-",
    "topup-branch-",
    "topup-node-",
    "topup-reason-",
    "treatment-",
    "twin-",
    "type-",
    "usage-state-",
    "zone-",
];

#[test]
fn messages_are_all_used() {
    let mut text = String::new();
    for name in Files::iter() {
        text.push_str(std::str::from_utf8(&Files::get(&name).unwrap().data).unwrap());
    }
    for folder in ["desk", "domain"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/html").join(folder);
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            // Folders hold parts and tests of the files beside them.
            if file.is_file() {
                text.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
    }
    let locale = include_str!("../../../../../web/locales/en.ftl");
    for line in locale.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
        let Some((key, _)) = line.split_once(" =") else { continue };
        let used = text.contains(&format!("\"{key}\"")) || text.contains(&format!("'{key}'"));
        assert!(used || JOINED.iter().any(|prefix| key.starts_with(prefix)), "{key} is never shown");
    }
}

#[test]
fn every_reason_of_the_release_ledger_has_words() {
    for locale in [
        include_str!("../../../../../web/locales/en.ftl"),
        include_str!("../../../../../web/locales/zh-CN.ftl"),
    ] {
        for reason in app::privacy::disclosure::ledger::ReasonKind::ALL {
            let key = crate::html::domain::overlap_key(reason);
            for key in [key.clone(), format!("{key}-example")] {
                assert!(locale.contains(&format!("\n{key} = ")), "{key}");
            }
        }
    }
}

/// Writes every sample as a file, so that people and browsers can look at them.
#[test]
fn gallery() {
    let Some(folder) = std::env::var_os("SHUYU_GALLERY").map(PathBuf::from) else { return };
    let assets = Assets::load();
    for page in all() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(page.name()), &page.html).unwrap();
    }
    for name in ["theme.css", "app.js", "icon.svg", "vendor/bootstrap.min.css"] {
        let url = assets.url(name).unwrap();
        let path = folder.join(url.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let hash = url.split('/').nth(2).unwrap();
        std::fs::write(path, &assets.find(hash, name).unwrap().body).unwrap();
    }
}
