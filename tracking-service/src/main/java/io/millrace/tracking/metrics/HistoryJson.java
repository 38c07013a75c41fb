package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.tracking.metrics.Metrics.Position;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.runs.RunId;
import java.util.Optional;
import org.springframework.core.io.buffer.DataBuffer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The answer to a call for a metric's history, written piece by piece as fast as the client takes
 * it: a history may be longer than memory. Between two pieces no connection is held, so a slow
 * client keeps nothing from the others. For one reader.
 */
final class HistoryJson {

  private static final int PIECE = 1000;
  private static final int AHEAD = 2;

  /**
   * Some of the points.
   *
   * @param taken how many of them belong to the answer
   * @param next the last of the page, where the history goes on after it
   */
  private record Piece(
      HistoryPoints points, int taken, boolean first, boolean end, Optional<Position> next) {}

  private final Database database;
  private final Metrics metrics;
  private final RunId run;
  private final String key;
  private final long limit;
  private Optional<Position> last;
  private long found;
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
      Optional<Position> after,
      long limit) {
    this.database = database;
    this.metrics = metrics;
    this.run = run;
    this.key = key;
    this.last = after;
    this.limit = limit;
  }

  /**
   * The whole text; what can go wrong at once goes wrong here and not in the middle of it. The
   * database finds the next piece while one is written.
   */
  Flux<DataBuffer> body() {
    Piece first = read();
    return Flux.concat(
            Mono.just(first),
            Flux.<Piece>generate(
                    sink -> {
                      if (done) {
                        sink.complete();
                      } else {
                        sink.next(read());
                      }
                    })
                .subscribeOn(Schedulers.boundedElastic()))
        .publishOn(Schedulers.boundedElastic(), AHEAD)
        .map(this::json);
  }

  private Piece read() {
    long left = limit - found;
    int wanted = (int) (left > PIECE ? PIECE : left + 1);
    HistoryPoints points = database.read(tx -> metrics.history(tx, run, key, last, wanted));
    int taken = (int) Math.min(left, points.size());
    boolean more = taken < points.size();
    boolean first = found == 0;
    if (taken > 0) {
      last = Optional.of(points.position(taken - 1));
      found += taken;
    }
    done = more || points.size() < wanted;
    return new Piece(points, taken, first, done, more ? last : Optional.empty());
  }

  private DataBuffer json(Piece piece) {
    JsonBytes json = new JsonBytes();
    if (piece.first() && piece.taken() == 0) {
      return json.add("{}").buffer();
    }
    if (piece.taken() > 0) {
      json.add(piece.first() ? "{\"metrics\":[" : ",");
      piece.points().write(json, piece.taken(), key, null);
    }
    if (piece.end()) {
      json.add("]");
      piece
          .next()
          .ifPresent(point -> json.add(",\"next_page_token\":\"").add(token(point)).add("\""));
      json.add("}");
    }
    return json.buffer();
  }

  private static String token(Position point) {
    return PageToken.after(point.timestamp(), point.step(), Double.doubleToLongBits(point.value()));
  }

  /** The point that a page token names. */
  static Position position(PageToken token) {
    return new Position(token.number(0), token.number(1), Double.longBitsToDouble(token.number(2)));
  }
}
