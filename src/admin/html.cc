#include "admin/html.h"

namespace proa::admin {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string html_head(std::string_view title) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Proa: ";
  out.append(title);
  out +=
      "</title>\n<style>body{font:15px/1.4 system-ui,sans-serif;margin:2em;color-scheme:light dark}"
      "td{padding:.1em 1em .1em 0;vertical-align:baseline}form{margin:0}"
      "button.link{font:inherit;border:0;background:none;padding:0;color:LinkText;text-decoration:underline;"
      "cursor:pointer}</style>\n</head><body>\n<h1>";
  return out.append(title).append("</h1>\n");
}

}  // namespace proa::admin
