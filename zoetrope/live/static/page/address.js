// The address holds what a page shows; Back and Forward go from page to page.
//
// Streamlit makes a step of history of every change of the address's query. A slider would leave a
// step for each place it rested, and Back would go through them without anything to be seen, since
// widgets keep their values. Loaded by the preloader, once a tab.

const push = history.pushState;

history.pushState = function pushPage(state, unused, url) {
  const isSamePage = url && new URL(url, document.baseURI).pathname === location.pathname;
  return (isSamePage ? history.replaceState : push).call(history, state, unused, url);
};
