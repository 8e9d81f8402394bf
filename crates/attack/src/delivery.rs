//! Delivering a file, and asking for what was delivered.

use anyhow::Result;
use serde_json::json;

use crate::client::{Client, Sent};
use crate::stage::act;

/// Uploads a snapshot.
pub(crate) async fn upload(client: &Client, who: &str, resource: &str, csv: String) -> Result<()> {
    let sent = Sent { body: Some(("text/csv".to_owned(), csv.into_bytes())), ..Sent::default() };
    let path = format!("/api/v1/resources/{resource}/uploads?format=csv");
    client.send(who, "POST", &path, sent).await?.done("upload")?;
    Ok(())
}

/// A data request, and the approval of each provider concerned.
pub(crate) async fn request(
    client: &Client,
    who: &str,
    tenant: &str,
    names: &[&String],
    providers: &[&str],
) -> Result<()> {
    let opened = client
        .post(
            who,
            "/api/v1/cases",
            json!({
                "procedure": "数据需求评审",
                "title": "虚构数据需求",
                "facts": { "授权": tenant, "涉及个人信息等": true, "涉及省回流数据": false },
                "form": {
                    "数据名称": names,
                    "申请单位": "样例单位", "法定代表人/联系人": "高拟青", "联系电话": "0572-8012346",
                    "安全责任人": "林设远", "安全责任人联系电话": "0572-8012347",
                    "应用场景": "按地区、行业汇总", "申请单位申请理由": "只用于汇总",
                },
            }),
        )
        .await?
        .done("data request")?;
    let case = opened.text("/id");
    for provider in providers {
        let facts = json!({ "含禁止开放数据": false, "符合最小必要": true, "已脱敏或者取得同意": true });
        act(client, provider, &case, json!({ "command": "approve", "facts": facts })).await?;
    }
    Ok(())
}
