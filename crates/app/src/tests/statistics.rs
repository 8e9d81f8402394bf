//! Statistics without a reviewer: declared, priced, paid, drawn, kept.

use std::collections::BTreeSet;

use catalog::Declaration;
use privacy::ir::{Bounds, Code, Declared, Groups, Nulls, Rows};

use super::fixture::County;
use super::slice::granted;
use crate::statistics::{self, Regression, Spent, StatisticAnswer, StatisticRequest};
use crate::tenants::TenantState;
use crate::{Error, declarations};

const BY_INDUSTRY: &str = "SELECT industry, count(*) AS n, sum(employees) AS staff, avg(employees) AS mean FROM enterprises GROUP BY industry";

fn declaration() -> Declaration {
    let codes = ["retail", "textile", "space"].map(|code| Code::Text(code.to_owned()));
    let industry = Declared {
        nulls: Some(Nulls::Never),
        groups: Some(Groups::Codes(codes.to_vec())),
        ..Declared::default()
    };
    let employees =
        Declared { bounds: Bounds::new(0, 50).ok(), nulls: Some(Nulls::Absent), ..Declared::default() };
    Declaration {
        columns: [("industry".to_owned(), industry), ("employees".to_owned(), employees)].into(),
        rows: Rows { unique: vec![BTreeSet::from(["credit_code".to_owned()])], per_entity: Some(1) },
    }
}

async fn declared() -> County {
    let county = granted().await;
    let resource = county.find("enterprises").await;
    let provider = county.ctx("market-bureau");
    declarations::declare_resource(&county.app, &provider, resource, &declaration()).await.unwrap();
    county
}

async fn ask(county: &County, who: &str, sql: &str) -> Result<StatisticAnswer, Error> {
    let asked = StatisticRequest { sql: sql.to_owned(), ..StatisticRequest::default() };
    statistics::ask(&county.app, &county.ctx(who), county.tenant, &asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_can_be_asked_and_every_number_has_its_bar() {
    let county = granted().await;
    let undeclared = ask(&county, "operator", BY_INDUSTRY).await.unwrap_err();
    assert_eq!(undeclared.code(), "privacy.fan_out", "{undeclared:?}");
    let resource = county.find("enterprises").await;
    let other = county.ctx("operator");
    let refused = declarations::declare_resource(&county.app, &other, resource, &declaration()).await;
    assert!(matches!(refused.unwrap_err(), Error::Forbidden(_)), "the provider's to say");
    let provider = county.ctx("market-bureau");
    declarations::declare_resource(&county.app, &provider, resource, &declaration()).await.unwrap();
    // A running zone judges by it at once.
    let answer = ask(&county, "operator", BY_INDUSTRY).await.unwrap();
    let keys: Vec<_> = answer.done.rows.iter().map(|row| row[0].as_str().unwrap_or("-").to_owned()).collect();
    // "space" holds nobody, and there are firms of an industry that is not declared: neither shows.
    assert_eq!(keys, ["-", "retail", "space", "textile"]);
    // Who has more than was declared counts as much as was declared.
    let staff = |odd: u64| (3..2_000).filter(|row| row % 2 == odd).map(|row| (10 + row % 90).min(50)).sum();
    let truth: [(u64, u64); 4] = [(0, 0), (998, staff(0)), (0, 0), (999, staff(1))];
    for ((row, within), (truth, staff)) in answer.done.rows.iter().zip(&answer.done.within).zip(truth) {
        let (n, bar) = (row[1].as_i64().unwrap(), within[1].as_u64().unwrap());
        // Five times the bar is ten standard deviations.
        assert!(
            n.abs_diff(i64::try_from(truth).unwrap()) <= 5 * bar && bar < 80,
            "{n} of {truth} within {bar}"
        );
        let (sum, bar) = (row[2].as_i64().unwrap(), within[2].as_u64().unwrap());
        assert!(
            sum.abs_diff(i64::try_from(staff).unwrap()) <= 5 * bar && bar < 4_000,
            "{sum} of {staff} within {bar}"
        );
        assert!(within[0].is_null());
        assert_eq!(row[3].is_f64(), truth > 0, "no mean where there may be nobody: {row:?}");
    }
    let names: Vec<_> = answer.done.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["industry", "n", "staff", "mean"]);
    // Four numbers at a price of one thousandth each: the mean is two.
    assert_eq!((answer.cost.micro, answer.repeated), (4_000, false));
    assert_eq!(answer.budgets[0].spent, 4_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_has_the_same_answer_and_the_budget_ends() {
    let county = declared().await;
    let first = ask(&county, "operator", BY_INDUSTRY).await.unwrap();
    let again = ask(&county, "operator", &BY_INDUSTRY.replace("GROUP", "\n  group")).await.unwrap();
    assert_eq!((&again.done, again.repeated, again.id), (&first.done, true, first.id));
    assert_eq!(again.budgets[0].spent, 4_000, "nothing was paid twice");
    // A lost answer is repeated by the same key; the first call had none that could be remembered.
    let asked = StatisticRequest { sql: BY_INDUSTRY.to_owned(), ..StatisticRequest::default() };
    let mut keyed = county.ctx("operator");
    keyed.idempotency_key = Some("again".to_owned());
    for _ in 0..2 {
        let answer = statistics::ask(&county.app, &keyed, county.tenant, &asked).await.unwrap();
        assert_eq!(answer.done, first.done);
    }
    let other = StatisticRequest { sql: "SELECT count(employees) AS n FROM enterprises".to_owned(), ..asked };
    keyed.idempotency_key = Some("new".to_owned());
    let new = statistics::ask(&county.app, &keyed, county.tenant, &other).await.unwrap();
    let replayed = statistics::ask(&county.app, &keyed, county.tenant, &other).await.unwrap();
    assert_eq!((replayed.done, replayed.repeated), (new.done, false));
    let listed = statistics::asked(&county.app, &county.ctx("operator"), county.tenant).await.unwrap();
    assert_eq!(listed.len(), 2);
    // Whoever asks, it is one budget: a hundred thousandths, one a number.
    let mut asked = 0;
    let refused = loop {
        let sql = format!("SELECT count(*) AS n FROM enterprises WHERE employees > {asked}");
        match ask(&county, "operator", &sql).await {
            Ok(answer) => assert_eq!(answer.budgets[0].spent, 6_000 + 1_000 * asked),
            Err(refused) => break refused,
        }
        asked += 1;
        if asked == 3 {
            let resource = county.find("enterprises").await;
            county.put(&Spent { resource, micro: 98_000 }).await;
            break ask(
                &county,
                "operator",
                "SELECT count(*) AS n, count(employees) AS m, sum(employees) AS s FROM enterprises",
            )
            .await
            .unwrap_err();
        }
    };
    assert_eq!(refused.code(), "statistics.exhausted");
    let last = ask(&county, "operator", "SELECT sum(employees) AS s FROM enterprises").await.unwrap();
    assert_eq!(last.budgets[0].left, 1_000, "what is left can be spent");
    assert!(ask(&county, "operator", BY_INDUSTRY).await.unwrap().repeated, "what was paid stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_tell_of_one_is_refused_and_costs_nothing() {
    let county = declared().await;
    for (sql, code) in [
        ("SELECT credit_code, industry FROM enterprises", "privacy.not_aggregate"),
        (
            "SELECT credit_code, count(*) AS n FROM enterprises GROUP BY credit_code",
            "privacy.identifier_group",
        ),
        ("SELECT max(employees) AS m FROM enterprises", "privacy.raw_aggregate"),
        ("SELECT employees, count(*) AS n FROM enterprises GROUP BY employees", "privacy.group_domain"),
        (
            "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry HAVING count(*) > 5",
            "privacy.after_aggregate",
        ),
        (
            "SELECT sum(employees * 1000000) AS s FROM enterprises WHERE credit_code = 'ENT-1'",
            "privacy.singling_out",
        ),
        ("SELECT count(*) + 1 AS n FROM enterprises", "privacy.after_aggregate"),
        ("SELECT count(*) AS n FROM enterprises LIMIT 1", "privacy.after_aggregate"),
        ("SELECT count(*) AS n FROM nothing", "domain.sql"),
    ] {
        let refused = ask(&county, "operator", sql).await.unwrap_err();
        assert_eq!(refused.code(), code, "{sql}: {refused:?}");
    }
    let engineer = county.ctx("operator");
    let budgets = statistics::budgets(&county.app, &engineer, county.tenant).await.unwrap();
    assert_eq!((budgets[0].spent, budgets[0].total), (0, 100_000));
    let officer = ask(&county, "bigdata-bureau", BY_INDUSTRY).await.unwrap_err();
    assert!(matches!(officer, Error::Forbidden(_)), "{officer:?}");
    county.set_state(TenantState::Suspended).await;
    let closed = ask(&county, "operator", BY_INDUSTRY).await.unwrap_err();
    assert!(matches!(closed, Error::Forbidden(_)), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linear_model_leaves_as_onnx_and_knows_what_was_paid_for_only() {
    let county = County::open().await;
    let mut csv = "firm,area,staff,turnover\n".to_owned();
    for row in 0_u64..20_000 {
        let (area, staff) = (row % 101, row * 7 % 53);
        csv.push_str(&format!("F-{row:06}-X,{area},{staff},{}\n", 3 * area + 2 * staff + 40));
    }
    let resource =
        county.resource("market-bureau", "sizes", "enterprise", "firm", csv.into_bytes()).await.unwrap();
    county.classify("market-bureau", resource, "firm").await;
    county.grant(resource, &["firm", "area", "staff", "turnover"]).await;
    let bounded = |high| Declared {
        bounds: Bounds::new(0, high).ok(),
        nulls: Some(Nulls::Never),
        ..Declared::default()
    };
    let declaration = Declaration {
        columns: [("area", 100), ("staff", 52), ("turnover", 450)]
            .map(|(name, high)| (name.to_owned(), bounded(high)))
            .into(),
        rows: Rows { per_entity: Some(1), ..Rows::default() },
    };
    let provider = county.ctx("market-bureau");
    declarations::declare_resource(&county.app, &provider, resource, &declaration).await.unwrap();
    let engineer = county.ctx("operator");
    let regression = |features: &[&str], condition: &str| StatisticRequest {
        regression: Some(Regression {
            table: "sizes".into(),
            target: "turnover".into(),
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            condition: condition.into(),
        }),
        ..StatisticRequest::default()
    };
    let ask =
        async |asked: &StatisticRequest| statistics::ask(&county.app, &engineer, county.tenant, asked).await;
    let answer = ask(&regression(&["area", "staff"], "")).await.unwrap();
    // One count, three sums, six products.
    assert_eq!(answer.cost.micro, 10_000);
    let model = answer.model.unwrap();
    let [(area, by_area), (staff, by_staff)] = model.weights.as_slice() else { panic!("{model:?}") };
    assert_eq!((area.as_str(), staff.as_str()), ("area", "staff"));
    assert!((by_area - 3.0).abs() < 0.5 && (by_staff - 2.0).abs() < 0.8, "{model:?}");
    assert!(model.explained > 0.8 && (19_000..21_000).contains(&model.rows), "{model:?}");
    let file = statistics::model_file(&county.app, &engineer, answer.id).await.unwrap();
    assert_eq!(statistics::model_file(&county.app, &engineer, answer.id).await.unwrap(), file);
    let weight = f32::to_le_bytes(*by_area as f32);
    assert!(file.windows(4).any(|four| four == weight), "the weights are in the file");
    for who in ["bigdata-bureau", "market-bureau"] {
        let other = statistics::model_file(&county.app, &county.ctx(who), answer.id).await.unwrap_err();
        assert!(matches!(other, Error::Forbidden(_) | Error::NotFound(_)), "{who} {other:?}");
    }
    // Of a hundred firms nothing is left to be said, and no model leaves.
    let few = ask(&regression(&["area"], "firm_area < 0")).await.unwrap_err();
    assert_eq!(few.code(), "domain.sql", "{few:?}");
    let few = ask(&regression(&["area"], "area > 100")).await.unwrap_err();
    assert_eq!(few.code(), "statistics.too_noisy", "{few:?}");
    let plain = StatisticRequest { sql: "SELECT count(*) AS n FROM sizes".into(), ..Default::default() };
    let plain = ask(&plain).await.unwrap();
    let none = statistics::model_file(&county.app, &engineer, plain.id).await.unwrap_err();
    assert_eq!(none.code(), "statistics.no_model");
}
