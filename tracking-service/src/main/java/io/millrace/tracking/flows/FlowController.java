package io.millrace.tracking.flows;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.millrace.database.Database;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.flows.Flows.Filter;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Flows, the story of one, and the stream of all events. */
@RestController
class FlowController {

  private static final Instant END_OF_TIME = Instant.parse("9999-12-31T00:00:00Z");

  private final Database database;
  private final Flows flows;
  private final FlowFeed feed;
  private final Duration heartbeat;

  FlowController(Database database, Flows flows, FlowFeed feed, FlowSettings settings) {
    this.database = database;
    this.flows = flows;
    this.feed = feed;
    this.heartbeat = settings.heartbeat();
  }

  /** A flow with its events in order. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Story(@JsonUnwrapped Flow flow, List<FlowEvent> events, @Nullable String nextPageToken) {}

  @GetMapping("/api/v1/flows")
  Page<Flow> list(
      @RequestParam(defaultValue = "50") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    Optional<PageToken> after = PageToken.parse(pageToken, 2);
    Instant before = after.map(key -> micros(key.number(0))).orElse(END_OF_TIME);
    String id = after.map(key -> key.text(1)).orElse("");
    return Page.of(
        database.read(tx -> flows.list(tx, before, id, limit + 1)),
        limit,
        flow -> new Object[] {micros(flow.startedAt()), flow.requestId()});
  }

  @GetMapping("/api/v1/flows/{requestId}")
  Story get(
      @PathVariable String requestId,
      @RequestParam(defaultValue = "1000") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    long after = PageToken.parse(pageToken, 1).map(key -> key.number(0)).orElse(0L);
    return database.read(
        tx -> {
          Flow flow =
              flows
                  .find(tx, requestId)
                  .orElseThrow(
                      () ->
                          new ApiProblem(
                              404,
                              "flow-not-found",
                              "Nothing is known of request '%s'. If it was just published, ask again in a moment."
                                  .formatted(requestId)));
          Page<FlowEvent> page =
              Page.of(
                  flows.events(tx, Filter.flow(requestId), after, limit + 1),
                  limit,
                  event -> new Object[] {event.seq()});
          return new Story(flow, page.items(), page.nextPageToken());
        });
  }

  /** Server-sent events; a lost connection goes on where it was by its Last-Event-ID. */
  @GetMapping(path = "/api/v1/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  Flux<ServerSentEvent<FlowEvent>> events(
      @RequestParam(defaultValue = "") String type,
      @RequestParam(required = false) @Nullable String flow,
      @RequestParam(required = false) @Nullable String run,
      @RequestParam(required = false) @Nullable String model,
      @RequestParam(required = false) @Nullable Long after,
      @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId) {
    String[] types =
        Arrays.stream(type.split(","))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toArray(String[]::new);
    Filter filter = new Filter(types.length == 0 ? null : types, flow, run, model);
    Long from =
        lastEventId == null || lastEventId.isBlank() ? after : Long.valueOf(seq(lastEventId));
    // The place is known before the first byte goes out: what a client does once it is connected,
    // it sees.
    return (from == null ? feed.head() : Mono.just(from))
        .flatMapMany(place -> Flux.merge(sent(feed.after(place, filter)), comments()))
        .takeUntilOther(feed.closed());
  }

  private static Flux<ServerSentEvent<FlowEvent>> sent(Flux<FlowEvent> events) {
    return events.map(
        event ->
            ServerSentEvent.<FlowEvent>builder()
                .id(Long.toString(event.seq()))
                .event(event.type())
                .data(event)
                .build());
  }

  private Flux<ServerSentEvent<FlowEvent>> comments() {
    return Flux.interval(Duration.ZERO, heartbeat)
        .onBackpressureDrop()
        .map(tick -> ServerSentEvent.<FlowEvent>builder().comment("").build());
  }

  private static long seq(String lastEventId) {
    try {
      return Long.parseLong(lastEventId.strip());
    } catch (NumberFormatException notOurs) {
      throw new ApiProblem(
          400,
          "invalid-last-event-id",
          "Last-Event-ID '%s' is not an id of this stream; they are whole numbers."
              .formatted(lastEventId));
    }
  }

  private static long micros(Instant time) {
    return time.getEpochSecond() * 1_000_000 + time.getNano() / 1000;
  }

  private static Instant micros(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000), Math.floorMod(micros, 1_000_000) * 1000L);
  }
}
