// The home page for browsers, and the list of pages as text.
#include "admin/html.h"
#include "admin/pages.h"

namespace proa::admin {
namespace {

/// A link for what may be read; a button that posts for what changes the server.
std::string entry(const Page& page) {
  std::string path = escape_html(page.path);
  std::string name = path.substr(1);
  std::string cell =
      page.changes ? "<form method=\"post\" action=\"" + name + "\"><button class=\"link\">" + name + "</button></form>"
                   : "<a href=\"" + name + "\">" + name + "</a>";
  return "<tr><td>" + cell + "</td><td>" + escape_html(page.help) + "</td></tr>\n";
}

}  // namespace

Response home_page(Admin&, const Request&) {
  std::string body = html_head("Admin");
  body += "<table>\n";
  for (const Page& page : pages()) {
    if (page.path != "/") body += entry(page);
  }
  body.append("</table>\n").append(kHtmlEnd);
  return {.body = std::move(body), .content_type = kHtml};
}

Response help_page(Admin&, const Request&) { return {.body = help_text()}; }

}  // namespace proa::admin
