use super::*;

fn tables(document: &Document) -> Vec<&Table> {
    let mut tables = Vec::new();
    for block in &document.blocks {
        if let Block::Table(table) = block {
            tables.push(table);
        }
    }
    tables
}

fn row<'a>(table: &'a Table, begins: &str) -> &'a Row {
    table.rows.iter().find(|row| row.cells[0].zh.starts_with(begins)).unwrap_or_else(|| {
        panic!("{begins} in {:?}", table.rows.iter().map(|row| &row.cells[0].zh).collect::<Vec<_>>())
    })
}

#[test]
fn two_counties_are_compared_by_what_their_procedures_do() {
    let (a, b) = (pack("deqing"), pack("futian"));
    let document = diff(&a, &b);
    keep("diff-deqing-futian.md", &document.markdown(Lang::Zh));
    keep("diff-deqing-futian.en.md", &document.markdown(Lang::En));
    keep("diff-deqing-futian.json", &serde_json::to_string(&document.view(Lang::Zh)).unwrap());
    let tables = tables(&document);
    let of = |caption: &str| *tables.iter().find(|table| table.caption.zh == caption).unwrap();
    // Names differ, what they do does not.
    let pairs: Vec<(&str, &str)> = of("程序对应表")
        .rows
        .iter()
        .map(|row| (row.cells[1].zh.as_str(), row.cells[2].zh.as_str()))
        .collect();
    for pair in [
        ("信息发布", "信息发布"),
        ("授权申请", "公共数据授权运营申请"),
        ("数据需求评审", "公共数据资源授权申请"),
        ("协议签订", "协议签订"),
        ("模型审核", "模型查验"),
        ("出域审核", "出域审核"),
        ("产品备案", "产品登记备案"),
        ("使用协议备案", "使用协议备案"),
        ("定价", "定价"),
        ("整改", "公共数据授权运营整改"),
        ("质量工单", "质量工单"),
        ("异议", "异议"),
        ("退出", "退出"),
    ] {
        assert!(pairs.contains(&pair), "{pair:?} not in {pairs:?}");
    }
    // What only one side has is there with its steps.
    let alone = pairs.iter().find(|(_, other)| other.starts_with("合作方入驻")).unwrap();
    assert_eq!(alone.0, "—");
    assert!(alone.1.contains(" → ") && alone.1.contains("效果：建立授权"), "{alone:?}");
    // The statutory three days of one against the five of the other.
    let grant = row(of("决定"), "授予数据");
    assert!(grant.cells[1].zh.contains("公共数据提供单位") && grant.cells[1].zh.contains("3个工作日"));
    assert!(grant.cells[2].zh.contains("公共数据资源授权申请·主管部门签署"), "{}", grant.cells[2].zh);
    assert_eq!(grant.mark, Mark::Differs);
    let limit = row(of("期限"), "数据需求评审 / 公共数据资源授权申请·提供单位评审");
    assert!(
        limit.cells[1].zh.contains("3个工作日（法定）") && limit.cells[2].zh.contains("5个工作日（法定）")
    );
    assert_eq!(limit.cells[3].zh, "福田区较长");
    let term = row(of("参数"), "授权期限");
    assert!(term.cells[1].zh.starts_with("3年") && term.cells[2].zh.starts_with("2年"));
    assert_eq!(term.cells[3].zh, "德清县较长");
    let logs = row(of("参数"), "日志留存");
    assert_eq!(logs.cells[3].zh, "福田区较长");
    let own = row(of("概况"), "本级条款");
    assert!(own.cells[1].zh.starts_with("155条") && own.cells[2].zh.starts_with("152条"));
}

#[test]
fn nothing_of_either_side_is_left_out() {
    for (a, b) in [("deqing", "futian"), ("xinchang", "yanan"), ("zhejiang", "deqing")] {
        let (a, b) = (pack(a), pack(b));
        let text = diff(&a, &b).markdown(Lang::Zh);
        for pack in [&a, &b] {
            for name in pack.procedures.keys().chain(pack.parameters.keys()).chain(pack.roles.keys()) {
                assert!(text.contains(name.as_str()), "{}: {name}", pack.id);
            }
            for (name, paper) in &pack.documents {
                assert!(text.contains(name.as_str()), "{}: {name}", pack.id);
                for occasion in &paper.when {
                    assert!(text.contains(&occasion.procedure), "{}: {name} {}", pack.id, occasion.procedure);
                }
            }
            for name in
                pack.duties.iter().map(|duty| &duty.name).chain(pack.forms.values().map(|form| &form.title))
            {
                assert!(text.contains(name.as_str()), "{}: {name}", pack.id);
            }
        }
    }
}

#[test]
fn a_pack_does_not_differ_from_itself() {
    for pack in packs() {
        let document = diff(&pack, &pack);
        for table in tables(&document) {
            for row in &table.rows {
                assert!(matches!(row.mark, Mark::Same | Mark::None), "{}: {:?}", pack.id, row.cells);
                assert_eq!(row.cells[1], row.cells[2], "{}", pack.id);
            }
        }
    }
}

#[test]
fn the_comparison_is_the_same_each_time_and_reads_both_ways() {
    let (a, b) = (pack("deqing"), pack("xinchang"));
    assert_eq!(diff(&a, &b), diff(&a, &b));
    let sides = |document: &Document| {
        let mut pairs: Vec<(String, String)> = tables(document)
            .into_iter()
            .find(|table| table.caption.zh == "程序对应表")
            .unwrap()
            .rows
            .iter()
            .map(|row| (row.cells[1].zh.clone(), row.cells[2].zh.clone()))
            .collect();
        pairs.sort();
        pairs
    };
    let mut back: Vec<(String, String)> = sides(&diff(&b, &a)).into_iter().map(|(x, y)| (y, x)).collect();
    back.sort();
    assert_eq!(sides(&diff(&a, &b)), back);
}

#[test]
fn english_pages_have_english_words_where_the_pack_has_them() {
    let (a, b) = (pack("deqing"), pack("futian"));
    let text = diff(&a, &b).markdown(Lang::En);
    for words in ["Who decides what", "Time limits", "3 working days", "deqing is longer", "Data request"] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn papers_are_compared_by_occasion_signer_number_and_text() {
    let document = diff(&pack("deqing"), &pack("xinchang"));
    let all = tables(&document);
    let table = all.iter().find(|table| table.caption.zh == "文书").unwrap();
    let row = |name: &str| table.rows.iter().find(|row| row.cells[0].zh == name).unwrap();
    let cells = &row("决定书").cells;
    assert!(cells[1].zh.contains("德政〔年〕×号") && cells[2].zh.contains("新政〔年〕×号"), "{cells:?}");
    assert!(cells[1].en.contains("signed by: ") && cells[2].en.contains("number: "), "{cells:?}");
    assert_eq!(row("协调小组决议").mark, Mark::OnlyOne);
    assert!(row("公示").cells[3].zh.contains("文本也不同"), "the county has a text of its own");
    let marks = all.iter().find(|table| table.caption.zh.contains("代字")).unwrap();
    let government = marks.rows.iter().find(|row| row.cells[0].zh == "县人民政府").unwrap();
    assert_eq!(government.mark, Mark::Differs);
}
