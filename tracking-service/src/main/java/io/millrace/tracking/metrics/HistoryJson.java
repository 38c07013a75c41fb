package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/**
 * The answer to a call for a metric's history, written piece by piece as fast as the client takes
 * it: a history may be longer than memory. Between two pieces no connection is held, so a slow
 * client keeps nothing from the others. For one reader.
 */
final class HistoryJson {

  private static final int PIECE = 1000;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Database database;
  private final Metrics metrics;
  private final RunId run;
  private final String key;
  private final long limit;
  private Optional<Metric> last;
  private long written;
  private boolean done;

  /**
   * @param after where the page begins
   * @param limit most points; the answer has a page token where there are more
   */
  HistoryJson(
      Database database,
      Metrics metrics,
      RunId run,
      String key,
      Optional<Metric> after,
      long limit) {
    this.database = database;
    this.metrics = metrics;
    this.run = run;
    this.key = key;
    this.last = after;
    this.limit = limit;
  }

  /** The whole text; what can go wrong at once goes wrong here and not in the middle of it. */
  Flux<DataBuffer> body() {
    String first = String.valueOf(next());
    return Flux.concat(
            Flux.just(first),
            Flux.<String>generate(
                    sink -> {
                      String piece = next();
                      if (piece == null) {
                        sink.complete();
                      } else {
                        sink.next(piece);
                      }
                    })
                .subscribeOn(Schedulers.boundedElastic()))
        .map(
            piece ->
                DefaultDataBufferFactory.sharedInstance.wrap(
                    piece.getBytes(StandardCharsets.UTF_8)));
  }

  private @Nullable String next() {
    if (done) {
      return null;
    }
    int wanted = (int) Math.min(PIECE, limit - written + 1);
    List<Metric> rows = database.read(tx -> metrics.history(tx, run, key, last, wanted));
    List<Metric> piece = rows.subList(0, (int) Math.min(limit - written, rows.size()));
    boolean more = piece.size() < rows.size();
    done = more || rows.size() < wanted;
    if (written == 0 && piece.isEmpty()) {
      return "{}";
    }
    StringBuilder text = new StringBuilder();
    for (Metric point : piece) {
      text.append(written++ == 0 ? "{\"metrics\":[" : ",").append(JSON.writeValueAsString(point));
      last = Optional.of(point);
    }
    if (more) {
      text.append("],\"next_page_token\":\"").append(token(last.orElseThrow())).append("\"}");
    } else if (done) {
      text.append("]}");
    }
    return text.toString();
  }

  private static String token(Metric point) {
    return PageToken.after(point.timestamp(), point.step(), Double.doubleToLongBits(point.value()));
  }

  /** The point that a page token names. */
  static Metric position(String key, PageToken token) {
    return new Metric(
        key, Double.longBitsToDouble(token.number(2)), token.number(0), token.number(1));
  }
}
