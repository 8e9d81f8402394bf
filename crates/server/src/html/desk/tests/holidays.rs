//! Two officers put the holidays of a year into use in their browsers.

use super::*;

const LIST: &str = "/admin/holidays";

#[tokio::test]
async fn two_officers_put_the_holidays_of_a_year_into_use() {
    let mut officer = Browser::new().await;
    officer.sign_in().await;
    let (status, _, page) = officer.get(LIST).await;
    assert_eq!(status, StatusCode::OK);
    let calendar = officer.edge.app.packs().calendar();
    let last = calendar.known_until().year();
    assert!(page.contains(&format!("年: {last}")), "the last year is the example");
    let token = csrf(&page).to_owned();
    let next = last + 1;
    let text = format!(
        "年: {next}\r\n依据: 测试用安排\r\n发布: {last}-11-05\r\n已知至: {next}-12-31\r\n放假:\r\n  - {{名称: 元旦, \
         英文: \"New Year's Day\", 自: {next}-01-01, 至: {next}-01-01}}\r\n调休上班: []\r\n"
    );
    // What was refused stays in the form.
    let wrong = text.replace(&format!("自: {next}"), &format!("自: {last}"));
    let (status, _, page) = officer.post(LIST, &[("csrf", &token), ("text", &wrong)]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("日期不在所写的年份内"), "{page}");
    assert!(page.contains(&format!("自: {last}-01-01")), "{page}");
    let (status, place, page) = officer.post(LIST, &[("csrf", &token), ("text", &text)]).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, LIST), "{page}");
    let (_, _, page) = officer.get(LIST).await;
    assert!(page.contains("须由另一人核对后启用") && !page.contains("/activate\""), "{page}");

    let mut chief = officer.beside("chief").await;
    assert!(chief.get("/inbox").await.2.contains(&format!("{next} 年放假安排等待核对启用")));
    let (_, _, page) = chief.get(LIST).await;
    let action = page.split("action=\"").find(|part| part.split('"').next().unwrap().ends_with("/activate"));
    let action = action.unwrap().split('"').next().unwrap().to_owned();
    let token = csrf(&page).to_owned();
    assert_eq!(chief.post(&action, &[("csrf", &token)]).await.0, StatusCode::BAD_REQUEST, "not by a slip");
    let (status, ..) = chief.post(&action, &[("csrf", &token), ("sure", "yes")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(chief.edge.app.packs().calendar().known_until().year(), next);
    assert!(chief.get(LIST).await.2.contains(&format!("{next}-12-31")));
}
