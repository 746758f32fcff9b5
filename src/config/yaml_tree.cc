#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml.h>

#include <functional>
#include <list>
#include <memory>

#include "config/scalar_text.h"
#include "config/tree_builder.h"

namespace proa::config {

NodeKind Node::kind() const { return tree_->nodes_[index_].kind; }

std::string_view Node::text() const {
  const YamlTree::Stored& stored = tree_->nodes_[index_];
  if (stored.kind != NodeKind::scalar) return {};
  return std::string_view(tree_->text_).substr(stored.first, stored.count);
}

bool Node::plain() const { return tree_->nodes_[index_].plain; }

bool Node::is_null() const {
  if (!plain()) return false;
  const std::string_view value = text();
  return value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL";
}

std::optional<bool> Node::boolean() const {
  if (!plain()) return std::nullopt;
  if (text() == "true") return true;
  if (text() == "false") return false;
  return std::nullopt;
}

std::size_t Node::size() const {
  const YamlTree::Stored& stored = tree_->nodes_[index_];
  if (stored.kind == NodeKind::scalar) return 0;
  return stored.kind == NodeKind::sequence ? stored.count : stored.count / 2;
}

Node Node::item(std::size_t i) const { return {tree_, tree_->children_[tree_->nodes_[index_].first + i]}; }
Node Node::key(std::size_t i) const { return {tree_, tree_->children_[tree_->nodes_[index_].first + 2 * i]}; }
Node Node::value(std::size_t i) const { return {tree_, tree_->children_[tree_->nodes_[index_].first + 2 * i + 1]}; }

std::optional<Node> Node::find(std::string_view wanted) const {
  if (!is_mapping()) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i).text() == wanted) return value(i);
  }
  return std::nullopt;
}

Mark Node::mark() const {
  const YamlTree::Stored& stored = tree_->nodes_[index_];
  return {tree_->file_, stored.line, stored.column};
}

std::string_view Node::described() const {
  if (is_sequence()) return "a list";
  if (is_mapping()) return "a mapping";
  if (is_null()) return "null";
  if (boolean()) return "a boolean";
  return plain() && looks_like_number(text()) ? "a number" : "a string";
}

namespace {

TreeBuilder::Place place(const yaml_mark_t& mark) { return {mark.line + 1, mark.column + 1}; }

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

struct Explained {
  std::string what;
  std::string fix;
};

/// libyaml's own words name the grammar; these name what people did.
Explained explained(const yaml_parser_t& parser, std::string_view text) {
  const std::string_view problem = parser.problem == nullptr ? "is not YAML" : parser.problem;
  const std::string_view context = parser.context == nullptr ? "" : parser.context;
  const std::size_t begun = parser.context_mark.line + 1;
  const auto has = [](std::string_view in, std::string_view part) { return in.find(part) != std::string_view::npos; };
  const char bad = parser.problem_mark.index < text.size() ? text[parser.problem_mark.index] : '\0';

  if (has(problem, "cannot start any token")) {
    if (bad == '\t') return {"a tab is used for indentation", "YAML allows only spaces there"};
    return {fmt::format("a value cannot begin with {} unless it is quoted", shown({&bad, 1})), "put it in quotes"};
  }
  if (has(problem, "mapping values are not allowed")) {
    return {"a ':' is not allowed here",
            "put a value that contains ': ' in quotes; else check the indentation of this line and the one above"};
  }
  if (has(problem, "could not find expected ':'")) {
    return {fmt::format("the key in line {} has no ':' after it", begun), "write 'key: value'"};
  }
  if (has(problem, "found unexpected end of stream") || has(problem, "found unexpected document indicator")) {
    return {fmt::format("the quote opened in line {} is never closed", begun), {}};
  }
  if (has(problem, "unknown escape character")) {
    return {"a backslash in double quotes begins an escape, and this one does not exist",
            "use single quotes, as for regular expressions"};
  }
  if (has(problem, "did not find expected ',' or")) {
    return {fmt::format("the '{}' opened in line {} misses a ',' or its end", has(problem, "']'") ? '[' : '{', begun),
            {}};
  }
  if (has(problem, "did not find expected '-' indicator")) {
    return {fmt::format("this line does not belong to the list that begins in line {}", begun),
            "begin it with '- ', or indent it to the level it belongs to"};
  }
  if (has(context, "block mapping") || has(problem, "did not find expected key")) {
    return {fmt::format("this line does not fit the mapping that begins in line {}", begun),
            "check its indentation, and the quotes around the value before it"};
  }
  if (has(problem, "expected the beginning of") || has(problem, "expected <document start>")) {
    return {"this line belongs to nothing", "check its indentation"};
  }
  return {context.empty() ? std::string(problem) : fmt::format("{}: {}", context, problem), {}};
}

/// The place of a byte offset: libyaml gives no mark for what it cannot decode.
TreeBuilder::Place place_of(std::string_view text, std::size_t offset) {
  TreeBuilder::Place at{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      at = {at.line + 1, 1};
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++at.column;
    }
  }
  return at;
}

void report(const yaml_parser_t& parser, std::string_view text, TreeBuilder& builder) {
  if (parser.error == YAML_READER_ERROR) {
    const std::string_view problem = parser.problem == nullptr ? "" : parser.problem;
    const bool control = problem.find("control characters") != std::string_view::npos;
    return builder.fail(place_of(text, parser.problem_offset),
                        control ? "a control character is not allowed" : "is not valid UTF-8",
                        control ? "write it as an escape in double quotes" : "save the file as UTF-8");
  }
  const Explained words = explained(parser, text);
  builder.fail(place(parser.problem_mark), words.what, words.fix);
}

/// Plain unless quoted, in a block, or tagged !!str; false if the tag has no meaning in a configuration.
bool read_tag(std::string_view tag, bool& plain) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag.empty()) return true;
  if (tag == "!" || tag == YAML_STR_TAG) {
    plain = false;
    return true;
  }
  if (!tag.starts_with(kCore)) return false;
  tag.remove_prefix(kCore.size());
  return tag == "int" || tag == "float" || tag == "bool" || tag == "null" || tag == "seq" || tag == "map";
}

class YamlReader {
 public:
  /// `builder` gets the first document, `next_document` (if there is one) says who gets each after it.
  YamlReader(std::string_view text, TreeBuilder& builder, std::function<TreeBuilder*()> next_document = {})
      : text_(text), builder_(&builder), next_document_(std::move(next_document)) {
    ready_ = yaml_parser_initialize(&parser_) != 0;
    if (!ready_) {
      builder_->fail({1, 1}, "out of memory");
      return;
    }
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    const char* begin = text.empty() ? "" : text.data();  // libyaml asserts that it is not null
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(begin), text.size());
  }
  ~YamlReader() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  void run() {
    bool more = ready_;
    while (more && !builder_->failed()) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) return report(parser_, text_, *builder_);
      more = take(event);
      yaml_event_delete(&event);
    }
  }

 private:
  void check_tag(const yaml_char_t* tag, bool& plain, const yaml_event_t& event) {
    if (read_tag(view(tag), plain)) return;
    builder_->fail(place(event.start_mark), fmt::format("the tag {} has no meaning here", shown(view(tag))),
                   "a value that begins with '!' needs quotes");
  }

  bool take(const yaml_event_t& event) {
    bool plain = false;
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (++documents_ == 1) break;
        if (next_document_) {
          builder_ = next_document_();
        } else {
          builder_->fail(place(event.start_mark), "a second document begins here, but a configuration is one document",
                         "remove the '---', or put the documents in files of their own");
        }
        break;
      case YAML_SCALAR_EVENT:
        plain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        check_tag(event.data.scalar.tag, plain, event);
        builder_->scalar({reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length}, plain,
                         place(event.start_mark), view(event.data.scalar.anchor));
        break;
      case YAML_SEQUENCE_START_EVENT:
        check_tag(event.data.sequence_start.tag, plain, event);
        builder_->begin(NodeKind::sequence, place(event.start_mark), view(event.data.sequence_start.anchor));
        break;
      case YAML_MAPPING_START_EVENT:
        check_tag(event.data.mapping_start.tag, plain, event);
        builder_->begin(NodeKind::mapping, place(event.start_mark), view(event.data.mapping_start.anchor));
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: builder_->end(); break;
      case YAML_ALIAS_EVENT: builder_->alias(view(event.data.alias.anchor), place(event.start_mark)); break;
      case YAML_STREAM_END_EVENT: return false;
      default: break;
    }
    return true;
  }

  std::string_view text_;
  TreeBuilder* builder_;
  std::function<TreeBuilder*()> next_document_;
  yaml_parser_t parser_;
  int documents_ = 0;
  bool ready_ = false;
};

}  // namespace

namespace {

/// Without a byte order mark; what cannot be read at all is a failure of `builder`.
bool begins_well(std::string_view& text, TreeBuilder& builder, const TreeLimits& limits) {
  if (text.size() > limits.bytes) {
    builder.fail({1, 1}, fmt::format("has {} bytes, more than {}", text.size(), limits.bytes));
  } else if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    builder.fail({1, 1}, "is UTF-16", "save the file as UTF-8");
  } else if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  return !builder.failed();
}

}  // namespace

std::optional<YamlTree> read_yaml(std::string_view text, std::string_view file, Problems& problems,
                                  const TreeLimits& limits) {
  TreeBuilder builder(file, problems, limits);
  if (begins_well(text, builder, limits)) YamlReader(text, builder).run();
  return builder.finish();
}

std::optional<std::vector<YamlTree>> read_yaml_documents(std::string_view text, std::string_view file,
                                                         Problems& problems, const TreeLimits& limits) {
  std::list<TreeBuilder> builders;  // they stay where they are
  builders.emplace_back(file, problems, limits);
  if (begins_well(text, builders.front(), limits)) {
    YamlReader(text, builders.front(), [&] { return &builders.emplace_back(file, problems, limits); }).run();
  }
  std::optional<std::vector<YamlTree>> out(std::in_place);
  for (TreeBuilder& builder : builders) {
    std::optional<YamlTree> tree = builder.finish();
    if (!tree) {
      out.reset();
      break;
    }
    if (!tree->root().is_null()) out->push_back(std::move(*tree));
  }
  return out;
}

}  // namespace proa::config
