package io.millrace.tracking.flows;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Listening;
import io.millrace.tracking.flows.Flows.Filter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;

/**
 * The history as an endless stream. A reader takes pages as fast as it can and holds neither a
 * connection nor events in between; PostgreSQL's notification wakes it when there is more.
 */
@Component
@Lazy(false)
class FlowFeed implements DisposableBean {

  private static final int PAGE = 200;

  /** For the notification that never came. */
  private static final Duration LOOK_ANYWAY = Duration.ofSeconds(5);

  private final Flows flows;
  private final Listening listening;
  private final Sinks.Many<Boolean> wakes = Sinks.many().multicast().directBestEffort();
  private final Sinks.Empty<Void> closed = Sinks.empty();

  FlowFeed(Database database, Flows flows) {
    this.flows = flows;
    this.listening =
        database.listen("millrace_flow_events_" + database.settings().schema(), payload -> wake());
  }

  /** Events after a place of the history, then new ones as they come, until the service stops. */
  Flux<FlowEvent> after(long seq, Filter filter) {
    AtomicLong last = new AtomicLong(seq);
    return Flux.merge(wakes.asFlux(), Flux.interval(LOOK_ANYWAY).map(tick -> true))
        .startWith(true)
        .onBackpressureLatest()
        .concatMap(wake -> available(last, filter), 1)
        .takeUntilOther(closed());
  }

  /** Completes when streams have to end. */
  Mono<Void> closed() {
    return closed.asMono();
  }

  /** The place from which only what is still to come follows. */
  Mono<Long> head() {
    return flows.head();
  }

  private Flux<FlowEvent> available(AtomicLong last, Filter filter) {
    return flows
        .head()
        .flatMapMany(
            head ->
                last.get() >= head
                    ? Flux.<FlowEvent>empty()
                    : Mono.defer(() -> flows.events(filter, last.get(), head, PAGE))
                        .doOnNext(
                            page ->
                                last.set(
                                    page.size() < PAGE
                                        ? Math.max(head, last.get())
                                        : page.getLast().seq()))
                        .flatMapIterable(page -> page)
                        .repeat(() -> last.get() < head))
        .retryWhen(
            Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(200))
                .maxBackoff(Duration.ofSeconds(5))
                .filter(DatabaseUnavailable.class::isInstance));
  }

  private synchronized void wake() {
    wakes.tryEmitNext(true);
  }

  /** Open streams end before the web server waits for them. */
  @EventListener(ContextClosedEvent.class)
  void endStreams() {
    closed.tryEmitEmpty();
  }

  @Override
  public void destroy() {
    listening.close();
  }
}
