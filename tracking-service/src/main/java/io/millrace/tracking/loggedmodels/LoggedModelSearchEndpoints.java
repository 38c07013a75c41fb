package io.millrace.tracking.loggedmodels;

import io.millrace.database.Database;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.loggedmodels.LoggedModelSearch.DatasetRef;
import io.millrace.tracking.loggedmodels.LoggedModelSearch.Hit;
import io.millrace.tracking.loggedmodels.LoggedModelSearch.Order;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.SearchToken;
import io.millrace.tracking.search.Vocabulary;
import java.util.List;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's search for logged models. */
@MlflowApi
class LoggedModelSearchEndpoints {

  private static final long DEFAULT_PAGE = 50;
  private static final long PAGE_WHERE_ZERO = 100;
  private static final long LARGEST_PAGE = 50_000;
  private static final int MOST_KEYS = 20;
  private static final int MOST_DATASETS = 100;

  private final Database database;
  private final LoggedModels models;

  LoggedModelSearchEndpoints(Database database, LoggedModels models) {
    this.database = database;
    this.models = models;
  }

  @PostMapping("/logged-models/search")
  LoggedModelMessages.Found search(MlflowMessage message) {
    List<ExperimentId> experiments =
        message.texts("experiment_ids").stream().map(ExperimentId::parse).toList();
    if (experiments.isEmpty()) {
      throw message.missing("experiment_ids");
    }
    String filterText = message.textOrEmpty("filter");
    Filter filter = Vocabulary.LOGGED_MODELS.filter(filterText);
    List<DatasetRef> datasets =
        message.messages("datasets").stream()
            .map(dataset -> dataset(dataset, dataset.required("dataset_name")))
            .toList();
    List<Order> orders =
        message.messages("order_by").stream().map(LoggedModelSearchEndpoints::order).toList();
    if (orders.size() > MOST_KEYS || datasets.size() > MOST_DATASETS) {
      throw MlflowException.invalid(
          "A search takes at most %d keys of an order and %d datasets."
              .formatted(MOST_KEYS, MOST_DATASETS));
    }
    long most = message.int64("max_results").orElse(DEFAULT_PAGE);
    if (most > LARGEST_PAGE) {
      throw message.outOfRange("max_results");
    }
    int limit = (int) (most < 1 ? PAGE_WHERE_ZERO : most);
    LoggedModelSearch search = new LoggedModelSearch(experiments, filter, datasets, orders);
    String query = List.of(experiments, filterText, datasets, orders).toString();
    List<Object> after =
        SearchToken.parse(message.textOrEmpty("page_token"), query, search.types()).orElse(null);
    return database.read(
        tx -> {
          List<Hit> hits = search.find(tx, after, limit + 1);
          List<Hit> page = hits.subList(0, Math.min(limit, hits.size()));
          return new LoggedModelMessages.Found(
              models.details(tx, page.stream().map(Hit::model).toList()).stream()
                  .map(LoggedModelMessages.Whole::of)
                  .toList(),
              hits.size() > limit ? SearchToken.after(query, page.getLast().place()) : null);
        });
  }

  private static Order order(MlflowMessage key) {
    String dataset = key.textOrEmpty("dataset_name");
    if (dataset.isEmpty() && !key.textOrEmpty("dataset_digest").isEmpty()) {
      throw key.missing("dataset_name");
    }
    return new Order(
        Vocabulary.LOGGED_MODELS.orderKey(key.required("field_name"), key.flag("ascending", true)),
        dataset.isEmpty() ? null : dataset(key, dataset));
  }

  private static DatasetRef dataset(MlflowMessage message, String name) {
    String digest = message.textOrEmpty("dataset_digest");
    return new DatasetRef(name, digest.isEmpty() ? null : digest);
  }
}
