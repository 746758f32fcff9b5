#include "mesh/api/object_service.h"

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "config/problems.h"
#include "mesh/api/apply.h"
#include "mesh/api/findings.h"
#include "mesh/api/names.h"
#include "mesh/api/object_view.h"
#include "mesh/api/settle.h"
#include "mesh/api/watch.h"

namespace proa::mesh {

namespace {

using grpc::CallStatus;
using grpc::Code;

/// Names of files are kept for as long as the process lives.
constexpr int kMaxTexts = 10'000;
constexpr std::size_t kMaxFileName = 300;

CallStatus no_such(const ObjectKey& key) { return {Code::kNotFound, shown(key) + " is not there"}; }
CallStatus no_name(const api::Name& name) {
  return {Code::kInvalidArgument,
          fmt::format("{} {}/{} names no object: give group, kind, name, and the namespace of kinds that have one",
                      config::shown(name.kind().kind()), config::shown(name.namespace_()), config::shown(name.name()))};
}

class ObjectService {
 public:
  ObjectService(const WorldFeed& feed, StoreSource& store) : target_{feed, store}, view_(feed, store), store_(store) {}

  CallStatus list(const api::ListRequest& request, api::ListResponse& response) const {
    const auto selection = Selection::of(request);
    if (!selection) return selection.error();
    for (const auto& [key, document] : view_.all()) {
      if (selection->has(key)) view_.write(*document, selection->texts, *response.add_objects());
    }
    return {};
  }

  CallStatus get(const api::GetRequest& request, api::Object& response) const {
    const std::optional<ObjectKey> key = key_of(request.name());
    if (!key) return no_name(request.name());
    const auto document = view_.find(*key);
    if (!document) return no_such(*key);
    view_.write(*document, true, response);
    return {};
  }

  CallStatus apply(const std::string& who, std::int64_t now, const api::ApplyRequest& request,
                   api::ApplyResponse& response) {
    if (request.texts_size() > kMaxTexts)
      return {Code::kInvalidArgument, fmt::format("has more than {} texts", kMaxTexts)};
    std::vector<ApplyText> texts;
    for (const api::Text& text : request.texts()) {
      if (text.file().empty() || text.file().size() > kMaxFileName) {
        return {Code::kInvalidArgument, fmt::format("a text needs a file name of 1 to {} bytes", kMaxFileName)};
      }
      texts.push_back({text.file(), text.text()});
    }
    auto plan = plan_apply(texts, request.namespace_(), target_, now);
    if (!plan) return plan.error();
    if (!request.dry_run()) {
      if (CallStatus done = commit(who, plan->changes()); !done.ok()) return done;
    }
    for (const ApplyStep& step : plan->steps) {
      api::Applied& out = *response.add_applied();
      write_name(step.key, *out.mutable_name());
      out.set_outcome(!step.changes()  ? api::Applied::UNCHANGED
                      : step.created() ? api::Applied::CREATED
                                       : api::Applied::CONFIGURED);
      out.set_resource_version(store_.revision_of(step.key));
      if (!request.dry_run()) continue;
      out.set_before(step.before);
      out.set_after(step.after);
    }
    for (std::string& warning : plan->warnings) response.add_warnings(std::move(warning));
    return {};
  }

  CallStatus remove(const std::string& who, const api::DeleteRequest& request, api::DeleteResponse& response) {
    std::set<ObjectKey> keys;
    for (const auto& one : request.objects()) {
      const std::optional<ObjectKey> key = key_of(one.name());
      if (!key) return no_name(one.name());
      const std::uint64_t version = store_.revision_of(*key);
      const std::string file = target_.file_of(*key);
      if (version == 0 && !file.empty()) {
        return {Code::kFailedPrecondition, fmt::format("{} is in {}: remove it there", shown(*key), file)};
      }
      if (version == 0 && !request.ignore_not_found()) return no_such(*key);
      if (one.resource_version() != 0 && one.resource_version() != version) {
        return {Code::kAborted, fmt::format("{} has changed meanwhile: its resourceVersion is {}, not {}", shown(*key),
                                            version, one.resource_version())};
      }
      if (version != 0) keys.insert(*key);
    }
    std::vector<StoreSource::Change> changes;
    for (const ObjectKey& key : keys) {
      changes.push_back({key, std::nullopt});
      write_name(key, *response.add_deleted());
    }
    return request.dry_run() ? CallStatus{} : commit(who, changes);
  }

 private:
  CallStatus commit(const std::string& who, const std::vector<StoreSource::Change>& changes) {
    if (changes.empty()) return {};
    auto revision = store_.commit(changes);
    if (revision) {
      log::get("api").info("{} changes {}: version {}", who, named(changes), *revision);
      return {};
    }
    log::get("api").error("{}", revision.error().message);
    return {Code::kUnavailable, revision.error().message};
  }

  static std::string named(const std::vector<StoreSource::Change>& changes) {
    constexpr std::size_t kMost = 5;
    std::string out;
    for (std::size_t i = 0; i < changes.size() && i < kMost; ++i) {
      out += (i == 0 ? "" : ", ") + shown(changes[i].key) + (changes[i].text ? "" : " (deleted)");
    }
    return changes.size() <= kMost ? out : fmt::format("{} and {} more", out, changes.size() - kMost);
  }

  const ApplyTarget target_;
  const ObjectView view_;
  StoreSource& store_;
};

/// `answer(who, call, request, response)`.
template <class Request, class Response, class Answer>
void add(grpc::Services& services, const MayCall& may_call, std::string_view method, const Answer& answer) {
  services.add_unary(
      fmt::format("/proa.api.v1.Objects/{}", method),
      [may_call, answer](grpc::ServerCall& call, std::string_view bytes, std::string& out) -> CallStatus {
        const auto who = may_call(call.peer());
        if (!who) return who.error();
        Request request;
        if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          return {Code::kInvalidArgument, fmt::format("is no {}", request.GetTypeName())};
        }
        Response response;
        CallStatus status = answer(*who, call, request, response);
        if (status.ok()) response.SerializeToString(&out);
        return status;
      });
}

}  // namespace

std::function<void(const WorldChange&)> add_object_service(grpc::Services& services, const WorldFeed& feed,
                                                           StoreSource& store, PushServer& push,
                                                           const MayCall& may_call) {
  const auto service = std::make_shared<ObjectService>(feed, store);
  add<api::ListRequest, api::ListResponse>(services, may_call, "List",
                                           [service](const std::string&, auto&, const auto& request, auto& response) {
                                             return service->list(request, response);
                                           });
  add<api::GetRequest, api::Object>(services, may_call, "Get",
                                    [service](const std::string&, auto&, const auto& request, auto& response) {
                                      return service->get(request, response);
                                    });
  add<api::ApplyRequest, api::ApplyResponse>(
      services, may_call, "Apply",
      [service](const std::string& who, grpc::ServerCall& call, const auto& request, auto& response) {
        const auto now =
            std::chrono::duration_cast<std::chrono::milliseconds>(call.loop().wall_now().time_since_epoch());
        response.set_began_ms(now.count());
        return service->apply(who, now.count() / 1000, request, response);
      });
  add<api::DeleteRequest, api::DeleteResponse>(
      services, may_call, "Delete", [service](const std::string& who, auto&, const auto& request, auto& response) {
        return service->remove(who, request, response);
      });
  add<api::AnalyzeRequest, api::AnalyzeResponse>(
      services, may_call, "Analyze", [&feed](const std::string&, auto&, const auto&, auto& response) -> CallStatus {
        response = findings_of(feed);
        return {};
      });
  services.add("/proa.api.v1.Objects/Settle", [may_call, &push](grpc::ServerCall& call) {
    const auto who = may_call(call.peer());
    if (who) return make_settle_handler(call, push);
    call.finish(who.error());
    return std::unique_ptr<grpc::CallHandler>();
  });
  const auto watchers = std::make_shared<Watchers>(ObjectView(feed, store));
  services.add("/proa.api.v1.Objects/Watch", [may_call, watchers](grpc::ServerCall& call) {
    const auto who = may_call(call.peer());
    if (who) return watchers->open(call);
    call.finish(who.error());
    return std::unique_ptr<grpc::CallHandler>();
  });
  return [watchers](const WorldChange& change) { watchers->tell(change); };
}

}  // namespace proa::mesh
