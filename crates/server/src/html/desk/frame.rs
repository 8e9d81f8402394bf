//! The frame around a page: unit, role, menu by duty, deadlines, today's date.

use app::Error;
use app::access::Role;
use app::cases::{self, TaskBox};
use app::regulation::case::Light as CaseLight;
use base::{Date, Weekday};

use super::visit::Visit;
use super::words::Units;
use crate::html::pages::parts::{Choice, Light};
use crate::html::pages::shell::{Deadlines, MenuGroup, Notice, NoticeKind, Shell, ShellUser};

/// Cases looked at for the deadline strip; the list is sorted by due day, so the urgent ones are among them.
const STRIP_CASES: u32 = 100;

/// The frame for who is signed in, or the public one.
///
/// # Errors
/// Storage faults.
pub(super) async fn shell(visit: &Visit, current: &str) -> Result<Shell, Error> {
    let mut shell = public_shell(visit);
    if !visit.ctx.is_person() {
        return Ok(shell);
    }
    let counts = cases::counts(&visit.app, &visit.ctx).await?;
    let deadlines = deadlines(visit, counts.todo).await?;
    shell.menu = MenuGroup::list(current, &|code| sees(visit, code));
    let waiting = deadlines.waiting;
    for item in shell.menu.iter_mut().flat_map(|group| &mut group.items).filter(|item| item.code == "inbox") {
        item.count = Some(waiting).filter(|count| *count > 0);
    }
    shell.deadlines = Some(deadlines);
    shell.notices = u32::try_from(counts.cc).unwrap_or(u32::MAX);
    if visit.is_english()
        && let Some(user) = &mut shell.user
    {
        user.unit = Units::load(visit).await?.kept(visit, &visit.ctx.principal.unit_code, &user.unit);
    }
    Ok(shell)
}

/// The frame of public pages.
pub(super) fn public_shell(visit: &Visit) -> Shell {
    let pack = visit.app.packs().current();
    let mut shell = Shell::public(region(&pack.name), &today(visit), visit.path());
    shell.csrf = visit.csrf();
    shell.is_demonstration = visit.is_demonstration;
    shell.clock_is_fake = visit.app.clock().is_fake();
    shell.notice = visit.notice().map(|text| Notice { kind: NoticeKind::Done, text });
    // Addresses of the portal's menu have no query.
    if let Some((path, _)) = shell.path.split_once('?').filter(|(path, _)| path.starts_with("/portal")) {
        shell.path = path.to_owned();
    }
    if visit.ctx.is_person() {
        shell.user = Some(user(visit));
    }
    shell
}

fn user(visit: &Visit) -> ShellUser {
    let worn = &visit.ctx.principal.roles;
    let all = worn.len() == visit.held.len();
    let mut roles: Vec<Choice> = visit
        .held
        .iter()
        .map(|role| Choice::new(role.key(), &role_name(visit, *role), !all && worn.contains(role)))
        .collect();
    if visit.held.len() > 1 {
        roles.insert(0, Choice::new("", &visit.text("role-all"), all));
    }
    ShellUser { name: visit.ctx.person_name.clone(), unit: visit.ctx.unit_name.clone(), roles }
}

/// A platform role in words.
pub(super) fn role_name(visit: &Visit, role: Role) -> String {
    visit.text(&format!("role-{}", role.key().replace('_', "-")))
}

/// The region a text is of: its name up to the first word for a kind of region.
fn region(name: &str) -> &str {
    let end =
        name.char_indices().find(|(_, c)| "省市县区州盟旗".contains(*c)).map(|(at, c)| at + c.len_utf8());
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// Today as people write it.
fn today(visit: &Visit) -> String {
    date_words(visit, visit.today())
}

/// A date as people write it, with the day of the week.
pub(super) fn date_words(visit: &Visit, date: Date) -> String {
    let (year, month, day) = date.parts();
    let (year, month, day) = (year.to_string(), month.to_string(), day.to_string());
    let weekday = weekday(visit, date);
    let month_name = visit.text(&format!("month-{month}"));
    visit.text_with(
        "date-words",
        &[
            ("year", &year),
            ("month", &month),
            ("monthname", &month_name),
            ("day", &day),
            ("weekday", &weekday),
        ],
    )
}

/// The day of the week.
pub(super) fn weekday(visit: &Visit, date: Date) -> String {
    visit.text(match date.weekday() {
        Weekday::Monday => "weekday-1",
        Weekday::Tuesday => "weekday-2",
        Weekday::Wednesday => "weekday-3",
        Weekday::Thursday => "weekday-4",
        Weekday::Friday => "weekday-5",
        Weekday::Saturday => "weekday-6",
        Weekday::Sunday => "weekday-7",
    })
}

async fn deadlines(visit: &Visit, waiting: u64) -> Result<Deadlines, Error> {
    let page = cases::inbox(&visit.app, &visit.ctx, TaskBox::Todo, None, STRIP_CASES).await?;
    let today = visit.today();
    let sunday = week_end(today);
    let mut strip = Deadlines { waiting: u32::try_from(waiting).unwrap_or(u32::MAX), ..Deadlines::default() };
    for item in &page.items {
        if item.light == CaseLight::Overdue {
            strip.overdue += 1;
        }
        let Some(due) = item.case.due.filter(|_| item.light != CaseLight::Stopped) else { continue };
        if due == today {
            strip.due_today += 1;
        }
        if due >= today && due <= sunday {
            strip.due_week += 1;
        }
    }
    strip.light = match (strip.overdue, strip.due_today) {
        (1.., _) => Light::Overdue,
        (_, 1..) => Light::DueSoon,
        _ => Light::Normal,
    };
    Ok(strip)
}

/// The Sunday of a day's week.
pub(super) fn week_end(today: Date) -> Date {
    (0..7).map(|days| today.plus_days(days)).find(|day| day.weekday() == Weekday::Sunday).unwrap_or(today)
}

/// Which entries of the menu a person's duties make useful. What he may really do there the policies decide.
fn sees(visit: &Visit, code: &str) -> bool {
    use Role::{
        Admin, Applicant, Authority, Buyer, Citizen, Coordination, Expert, Government, OperatorEngineer,
        OperatorManager, Provider, Reviewer, Supervisor,
    };
    let roles: &[Role] = match code {
        "inbox" | "start" | "announcements" | "products" | "ledger" => return true,
        "duties" => &[Authority, Provider, Supervisor, Government, Coordination, OperatorManager, Admin],
        "authorisations" => &[
            Authority,
            Provider,
            Expert,
            Coordination,
            Government,
            Supervisor,
            Applicant,
            OperatorManager,
            OperatorEngineer,
        ],
        "catalog" => &[
            Authority,
            Provider,
            Expert,
            Coordination,
            Supervisor,
            Reviewer,
            Applicant,
            OperatorManager,
            OperatorEngineer,
        ],
        "tenants" => &[Authority, Supervisor, OperatorManager, OperatorEngineer],
        "workbench" => &[OperatorEngineer],
        "models" | "runs" => &[Authority, Reviewer, Supervisor, OperatorManager, OperatorEngineer],
        "airlock" => &[Reviewer, Authority, Supervisor, OperatorManager, OperatorEngineer],
        "agreements" => &[Buyer, OperatorManager, Authority, Supervisor],
        "keys" => &[Buyer],
        "metering" => &[Buyer, OperatorManager, Authority, Supervisor],
        "journal" => &[Authority, Supervisor],
        "isolation" => &[Authority, Supervisor, Admin],
        "packs" => &[
            Authority,
            Provider,
            Expert,
            Coordination,
            Government,
            Supervisor,
            Reviewer,
            Applicant,
            OperatorManager,
            OperatorEngineer,
            Buyer,
            Citizen,
            Admin,
        ],
        "accounts" | "jobs" => &[Admin],
        _ => return true,
    };
    roles.iter().any(|role| visit.ctx.principal.has(*role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_name_of_the_text() {
        assert_eq!(region("德清县公共数据授权运营管理工作指南（征求意见稿）"), "德清县");
        assert_eq!(region("浙江省公共数据授权运营管理办法(试行)"), "浙江省");
        assert_eq!(region("Guide"), "Guide");
    }

    #[test]
    fn a_week_ends_on_sunday() {
        let monday: Date = "2026-09-28".parse().unwrap();
        assert_eq!(week_end(monday).to_string(), "2026-10-04");
        assert_eq!(week_end(monday.plus_days(6)).to_string(), "2026-10-04");
    }
}
