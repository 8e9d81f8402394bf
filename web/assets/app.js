/* Shuyu: comfort for those who have scripts. Every page works without this file. ES2019. */
(function () {
  'use strict';

  var typing = function (target) {
    return target && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  };
  var all = function (selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  };

  /* j and k walk the links of a list. */
  var rows = all('[data-list] a[data-row]');
  var step = function (by) {
    if (!rows.length) { return false; }
    var at = rows.indexOf(document.activeElement) + by;
    if (at < 0) { at = 0; }
    if (at >= rows.length) { at = rows.length - 1; }
    rows[at].focus();
    return true;
  };
  var follow = function (selector) {
    var link = document.querySelector(selector);
    if (link) { link.click(); }
    return Boolean(link);
  };
  var act = function () {
    var panel = document.getElementById('act') || document.querySelector('form[data-primary]');
    if (!panel) { return false; }
    var control = panel.querySelector('input:not([type=hidden]), textarea, select, button');
    panel.scrollIntoView();
    if (control) { control.focus(); }
    return true;
  };
  var keys = {
    j: function () { return step(1) || follow('main a[rel=next]'); },
    k: function () { return step(-1) || follow('main a[rel=prev]'); },
    a: act,
    p: function () { window.print(); return true; },
    '?': function () { window.location.href = '/help'; return true; }
  };
  document.addEventListener('keydown', function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && event.target.hasAttribute('data-submit-keys')) {
      event.preventDefault();
      event.target.form.querySelector('button[type=submit]').click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    var action = keys[event.key];
    if (action && action()) { event.preventDefault(); }
  });

  /* Ask once more, and send once only. */
  document.addEventListener('submit', function (event) {
    var form = event.target;
    var question = form.getAttribute('data-confirm');
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    if (form.getAttribute('data-sent')) { event.preventDefault(); return; }
    form.setAttribute('data-sent', 'yes');
    form.removeAttribute('data-changed');
    /* The browser may stay on the page (a download, the back button): allow another try. */
    window.setTimeout(function () { form.removeAttribute('data-sent'); }, 4000);
  });
  window.addEventListener('pageshow', function () {
    all('form[data-sent]').forEach(function (form) { form.removeAttribute('data-sent'); });
  });

  /* Warn before unsent answers are lost. Nothing is stored in the browser: forms may hold personal data. */
  all('form[data-guard]').forEach(function (form) {
    form.addEventListener('input', function () { form.setAttribute('data-changed', 'yes'); });
  });
  window.addEventListener('beforeunload', function (event) {
    if (document.querySelector('form[data-changed]')) { event.preventDefault(); event.returnValue = ''; }
  });

  /* Buttons that need a script are hidden without one. */
  all('[data-print]').forEach(function (button) {
    button.hidden = false;
    button.addEventListener('click', function () { window.print(); });
  });
  all('[data-copy]').forEach(function (button) {
    if (!navigator.clipboard) { return; }
    button.hidden = false;
    button.addEventListener('click', function () {
      var source = document.getElementById(button.getAttribute('data-copy'));
      navigator.clipboard.writeText(source.textContent).then(function () { button.setAttribute('data-copied', 'yes'); });
    });
  });

  /* A choice of role takes effect at once. */
  var role = document.getElementById('role');
  if (role) { role.addEventListener('change', function () { role.form.submit(); }); }

  /* A list whose choice changes the rest of the page is sent when it is changed; the button is for browsers without scripts. */
  all('[data-choose]').forEach(function (form) {
    form.addEventListener('change', function () { form.submit(); });
  });

  /* What needs attention gets the focus. */
  var first = document.querySelector('[data-focus]');
  if (first) { first.focus(); }
})();
