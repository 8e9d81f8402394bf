use super::*;

#[test]
fn the_print_shows_every_rule_beside_its_clause() {
    for pack in packs() {
        let document = print(&pack);
        let text = document.markdown(Lang::Zh);
        keep(&format!("print-{}.md", pack.id), &text);
        keep(&format!("print-{}.json", pack.id), &serde_json::to_string(&document.view(Lang::Zh)).unwrap());
        let cited = crate::pack::coverage::cited(&pack);
        for id in cited.iter().chain(pack.not_automated.keys()) {
            let clause = &pack.clauses[id];
            assert!(
                text.contains(&format!("{id}（{}）", clause.label).replace('[', "\\[").replace(']', "\\]")),
                "{} {id}",
                pack.id
            );
        }
        for procedure in pack.procedures.values() {
            assert!(text.contains(&procedure.id), "{}", procedure.id);
            for step in &procedure.steps {
                assert!(text.contains(&step.id), "{} {}", procedure.id, step.id);
            }
        }
        for form in pack.forms.values() {
            for field in form.sections.iter().flat_map(|section| &section.fields) {
                assert!(
                    text.contains(&field.en.replace('*', "\\*")) || field.en.contains(['&', '<', '#', '_']),
                    "{}",
                    field.en
                );
            }
        }
        assert!(document.view(Lang::En).blocks.len() > 6);
    }
}

#[test]
fn rows_are_as_long_as_their_heads() {
    for pack in packs() {
        let other = super::pack("futian");
        for document in [print(&pack), diff(&pack, &other)] {
            for block in &document.blocks {
                if let Block::Table(table) = block {
                    assert!(
                        table.rows.iter().all(|row| row.cells.len() == table.head.len()),
                        "{}",
                        table.caption.zh
                    );
                }
            }
        }
    }
}

#[test]
fn words_of_a_pack_cannot_break_out_of_markdown_or_a_page() {
    let mut pack = pack("deqing");
    pack.name = "名 | 称\n<script>[x](y) `z` *w*".to_owned();
    let parameter = pack.parameters.get_mut("补正期限").unwrap();
    parameter.note = Some("甲 | 乙\n<b>丙</b>".to_owned());
    let text = print(&pack).markdown(Lang::Zh);
    assert!(!text.contains("<script>") && !text.contains("<b>"));
    assert!(text.contains("甲 \\| 乙<br>&lt;b&gt;丙&lt;/b&gt;"));
    let view = print(&pack).view(Lang::Zh);
    let table = view.blocks.iter().find(|block| block.text == ["参数"] && block.kind == "table").unwrap();
    let row = table.rows.iter().find(|row| row.cells[0] == ["补正期限"]).unwrap();
    assert_eq!(row.cells[3], ["甲 | 乙", "<b>丙</b>"]);
}

#[test]
fn one_procedure_can_be_printed_alone() {
    let pack = pack("deqing");
    let document = procedure_document(&pack, &pack.procedures["数据需求评审"]);
    assert_eq!(document.title.zh, "数据需求评审 Data request");
    let view = document.view(Lang::Zh);
    let kinds: Vec<&str> = view.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(kinds, ["figure", "table", "table"]);
    assert!(view.blocks[0].svg.starts_with("<svg"));
}

#[test]
fn texts_are_read_in_their_order() {
    let mut ids =
        ["x.附件5.一", "x.十.一", "x.九", "x.三.二", "x.三.一.2", "x.一", "x.十二", "x.三.一.10", "x.二十"];
    ids.sort_by_cached_key(|id| reading_order(id));
    assert_eq!(
        ids,
        ["x.一", "x.三.一.2", "x.三.一.10", "x.三.二", "x.九", "x.十.一", "x.十二", "x.二十", "x.附件5.一"]
    );
    let mut stages = ["十、监督", "二、申请", "流程一、建设", "一、发布"];
    stages.sort_by_cached_key(|stage| reading_order(stage));
    assert_eq!(stages, ["一、发布", "二、申请", "十、监督", "流程一、建设"]);
}

#[test]
fn what_the_wider_grammar_says_is_printed() {
    let said = |id: &str, words: &[(&str, &str)]| {
        let document = print(&pack(id));
        let (zh, en) = (document.markdown(Lang::Zh), document.markdown(Lang::En));
        for (in_zh, in_en) in words {
            assert!(zh.contains(in_zh), "{id}: {in_zh}");
            assert!(en.contains(in_en), "{id}: {in_en}");
        }
    };
    said(
        "yanan",
        &[
            (
                "自签订起“协议年限”年（法定），末日不顺延",
                "“协议年限” years from signature (statutory), the last day stays",
            ),
            ("前6个月告知实施机构", "6 months before: tell Implementing"),
            ("，转办“整改”", "; owed next: 整改"),
            ("自进入“提供单位审核”起", "from entry of “提供单位审核”"),
        ],
    );
    said(
        "futian",
        &[
            (
                "每1个月，自然期，期满后10日内，仅授权中",
                "every 1 month, calendar periods, within 10 days of its end",
            ),
            ("剩3个工作日告知授权运营单位", "3 working days before: tell Authorised operator"),
            ("写明理由免办", "an owed case may be waived by"),
        ],
    );
    said("xinchang", &[("（若涉及省", " (if ")]);
}

#[test]
fn papers_say_when_they_are_made_who_signs_and_how_they_are_numbered() {
    let document = print(&pack("deqing"));
    let (zh, en) = (document.markdown(Lang::Zh), document.markdown(Lang::En));
    for words in [
        "## 七、文书",
        "授权申请·形式审查：退回补正",
        "授权申请：以“已授权”办结时",
        "县人民政府：德政〔年〕×号",
        "公共数据提供单位：不编号",
        "德数据（参数“文书代字”）",
        "补正事项\\*",
    ] {
        assert!(zh.contains(words), "{words}");
    }
    for words in ["## 7. Papers", "Signed by", "when it ends with “已授权”", "德政〔year〕×号", "no number"]
    {
        assert!(en.contains(words), "{words}");
    }
    for (name, paper) in &pack("deqing").documents {
        assert!(zh.contains(&format!("{name} {}", paper.en)), "{name}");
    }
}
