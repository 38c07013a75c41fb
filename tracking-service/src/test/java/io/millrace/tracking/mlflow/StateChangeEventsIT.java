package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.DataValidated;
import io.millrace.events.MetricsLogged;
import io.millrace.events.ModelTrained;
import io.millrace.events.PipelineApplied;
import io.millrace.events.RunPurged;
import io.millrace.events.RunQueued;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import io.millrace.events.TrainingFailed;
import io.millrace.schemas.Topics;
import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.util.pattern.PathPattern;
import tools.jackson.databind.JsonNode;

/**
 * Whatever a client changes leaves one event in the history, with what changed; a call that is
 * refused, or that finds everything as it wants it, leaves none.
 */
class StateChangeEventsIT {

  private static final RunningTracking tracking = RunningTracking.shared();
  private static final Mlflow mlflow = new Mlflow();

  /** Calls that leave no event, though their method would let them change something. */
  private static final Set<String> READS =
      Set.of(
          "POST experiments/search",
          "POST experiments/search-datasets",
          "POST runs/search",
          "POST logged-models/search",
          "POST registered-models/get-latest-versions",
          "POST webhooks/{}/test",
          "POST /api/v1/webhooks/{}/test",
          "POST /api/v1/webhooks/{}/replay",
          "POST /api/v1/webhooks/{}/deliveries/{}/replay",
          "POST /api/v1/runs/{}/heartbeat",
          "POST /api/v1/dead-letters/{}/{}/{}/replay");

  /** Calls whose events the tests of their features look at, with what they leave. */
  private static final Map<String, Class<? extends SpecificRecord>> TESTED_ELSEWHERE =
      Map.of(
          "POST /api/v1/pipelines", PipelineApplied.class,
          "POST /api/v1/train-requests", TrainRequested.class,
          "POST /api/v1/runs/{}/start", RunStarted.class,
          "POST /api/v1/runs/{}/release", RunQueued.class,
          "POST /api/v1/runs/{}/data-checks", DataValidated.class,
          "POST /api/v1/runs/{}/complete", ModelTrained.class,
          "POST /api/v1/runs/{}/fail", TrainingFailed.class,
          "POST /api/v1/retention", RunPurged.class);

  private static final Path PAGE = Path.of("../docs/events.md");

  /**
   * A call that changes something.
   *
   * @param subject makes what it changes; returns its id or name
   * @param path with {@code %s} for that, below MLflow's prefix unless it begins with a slash
   * @param body single quotes stand for double ones, {@code $id} for the id or name, {@code $new}
   *     for a name that nothing has
   * @param event type of the event that it leaves
   * @param says fields of the event, likewise
   * @param refused a body, else a path, that the same route refuses for the same subject
   * @param leaves how many of these events the call leaves that is made twice
   */
  private record Call(
      String method,
      String path,
      Supplier<String> subject,
      String body,
      String event,
      String says,
      String refused,
      int leaves) {

    Call again() {
      return new Call(method, path, subject, body, event, says, refused, 2);
    }

    String route() {
      return method + " " + path.replaceAll("%s|(?<=tags/)\\w+", "{}");
    }

    @Override
    public String toString() {
      return route() + " leaves " + event;
    }
  }

  private static Call post(
      String path,
      Supplier<String> subject,
      String body,
      String event,
      String says,
      String refused) {
    return call("POST", path, subject, body, event, says, refused);
  }

  private static Call call(
      String method,
      String path,
      Supplier<String> subject,
      String body,
      String event,
      String says,
      String refused) {
    return new Call(method, path, subject, body, event, says, refused, 1);
  }

  private static final String BY = ",'by':'ada','reason':'because'";

  static Stream<Call> calls() {
    return Stream.of(experiments(), runs(), loggedModels(), registry(), webhooks(), work())
        .flatMap(List::stream);
  }

  private static List<Call> experiments() {
    Supplier<String> one = mlflow::experiment;
    return List.of(
        post(
            "experiments/create",
            () -> "",
            "{'name':'$new','tags':[{'key':'b','value':'2'},{'key':'a','value':'1'}]}",
            "ExperimentCreated",
            "'name':'$new','totalTags':2,'tags':[{'key':'a','value':'1','cut':false},{'key':'b','value':'2','cut':false}]"
                + BY,
            "{'name':'$new','artifact_location':'runs:/x'}"),
        post(
            "experiments/update",
            one,
            "{'experiment_id':'$id','new_name':'$new'}",
            "ExperimentRenamed",
            "'experimentId':'$id','name':'$new'" + BY,
            "{'experiment_id':'$id','new_name':'Default'}"),
        post(
            "experiments/set-experiment-tag",
            one,
            "{'experiment_id':'$id','key':'k','value':'v'}",
            "ExperimentTagChanged",
            "'experimentId':'$id','key':'k','value':'v'" + BY,
            "{'experiment_id':'$id','key':'../k','value':'v'}"),
        post(
            "experiments/delete-experiment-tag",
            () ->
                done(
                    one.get(),
                    "experiments/set-experiment-tag",
                    "{'experiment_id':'$id','key':'k','value':'v'}"),
            "{'experiment_id':'$id','key':'k'}",
            "ExperimentTagChanged",
            "'experimentId':'$id','key':'k','value':null" + BY,
            "{'experiment_id':'$id','key':'other'}"),
        post(
            "experiments/delete",
            () -> {
              String id = one.get();
              mlflow.run(id);
              mlflow.run(id);
              return id;
            },
            "{'experiment_id':'$id'}",
            "ExperimentDeleted",
            "'experimentId':'$id','runs':2" + BY,
            "{'experiment_id':'x'}"),
        post(
            "experiments/restore",
            () -> {
              String id = one.get();
              mlflow.run(id);
              return done(id, "experiments/delete", "{'experiment_id':'$id'}");
            },
            "{'experiment_id':'$id'}",
            "ExperimentRestored",
            "'experimentId':'$id','runs':1" + BY,
            "{'experiment_id':'x'}"));
  }

  private static List<Call> runs() {
    Supplier<String> one = () -> mlflow.run("0");
    return List.of(
        post(
                "runs/create",
                () -> "",
                "{'experiment_id':'0','run_name':'$new','user_id':'u','start_time':7,'tags':[{'key':'t','value':'1'}]}",
                "RunCreated",
                "'requestId':null,'experimentId':'0','name':'$new','userId':'u','startTime':7,'totalTags':2,'tags':[{'key':'mlflow.runName','value':'$new','cut':false},{'key':'t','value':'1','cut':false}]"
                    + BY,
                "{'experiment_id':'0','run_name':'$new','tags':[{'key':'mlflow.runName','value':'y'}]}")
            .again(),
        post(
            "runs/update",
            one,
            "{'run_id':'$id','run_name':'$new'}",
            "RunUpdated",
            "'runId':'$id','experimentId':'0','name':'$new','status':'RUNNING','endTime':null" + BY,
            "{'run_id':'$id','run_name':'$new-2','status':'NOT'}"),
        post(
            "runs/update",
            one,
            "{'run_id':'$id','status':'FINISHED','end_time':9}",
            "RunEnded",
            "'runId':'$id','status':'FINISHED'",
            "{'run_id':'$id','end_time':'soon'}"),
        post(
            "runs/update",
            () -> done(one.get(), "runs/update", "{'run_id':'$id','status':'FAILED'}"),
            "{'run_id':'$id','status':'RUNNING'}",
            "RunUpdated",
            "'runId':'$id','status':'RUNNING'" + BY,
            "{'run_id':'$id','end_time':'soon'}"),
        post(
            "runs/delete",
            one,
            "{'run_id':'$id'}",
            "RunDeleted",
            "'runId':'$id','experimentId':'0'" + BY,
            "{'run_id':'$id-not'}"),
        post(
            "runs/restore",
            () -> done(one.get(), "runs/delete", "{'run_id':'$id'}"),
            "{'run_id':'$id'}",
            "RunRestored",
            "'runId':'$id','experimentId':'0'" + BY,
            "{'run_id':'$id-not'}"),
        post(
            "runs/log-parameter",
            one,
            "{'run_id':'$id','key':'p','value':'v'}",
            "ParamsLogged",
            "'runId':'$id','experimentId':'0','params':[{'key':'p','value':'v','cut':false}],'total':1",
            "{'run_id':'$id','key':'p','value':'w'}"),
        post(
            "runs/set-tag",
            one,
            "{'run_id':'$id','key':'t','value':'v'}",
            "RunTagsChanged",
            "'runId':'$id','experimentId':'0','tags':[{'key':'t','value':'v','cut':false}],'total':1"
                + BY,
            "{'run_id':'$id','key':'millrace.heartbeat','value':'soon'}"),
        post(
            "runs/delete-tag",
            () -> done(one.get(), "runs/set-tag", "{'run_id':'$id','key':'t','value':'v'}"),
            "{'run_id':'$id','key':'t'}",
            "RunTagsChanged",
            "'runId':'$id','tags':[{'key':'t','value':null,'cut':false}],'total':1" + BY,
            "{'run_id':'$id','key':'other'}"),
        post(
            "runs/log-batch",
            () ->
                done(
                    one.get(),
                    "runs/log-batch",
                    "{'run_id':'$id','params':[{'key':'a','value':'1'}]}"),
            "{'run_id':'$id','params':[{'key':'a','value':'1'},{'key':'c','value':'3'},{'key':'b','value':'2'}]}",
            "ParamsLogged",
            "'runId':'$id','params':[{'key':'b','value':'2','cut':false},{'key':'c','value':'3','cut':false}],'total':2",
            "{'run_id':'$id','params':[{'key':'d','value':'1'},{'key':'b','value':'other'}],'tags':[{'key':'x','value':'y'}]}"),
        post(
            "runs/log-batch",
            () -> done(one.get(), "runs/set-tag", "{'run_id':'$id','key':'a','value':'1'}"),
            "{'run_id':'$id','tags':[{'key':'a','value':'1'},{'key':'b','value':'2'}]}",
            "RunTagsChanged",
            "'runId':'$id','tags':[{'key':'b','value':'2','cut':false}],'total':1" + BY,
            "{'run_id':'$id','tags':[{'key':'c','value':'1'}],'metrics':[{'key':'m','value':1,'timestamp':1,'model_id':'m-none'}]}"),
        post(
            "runs/log-batch",
            one,
            "{'run_id':'$id','metrics':[{'key':'m','value':0.5,'timestamp':1,'step':2}]}",
            "MetricsLogged",
            "'runId':'$id','total':1",
            "{'run_id':'$id','metrics':[{'key':'m','value':'?','timestamp':1}]}"),
        post(
            "runs/log-metric",
            one,
            "{'run_id':'$id','key':'m','value':0.5,'timestamp':1}",
            "MetricsLogged",
            "'runId':'$id','total':1",
            "{'run_id':'$id','key':'m','value':0.5,'timestamp':-1}"),
        post(
            "runs/log-inputs",
            one,
            "{'run_id':'$id','datasets':[{'dataset':{'name':'d','digest':'1','source_type':'local','source':'s'},'tags':[{'key':'mlflow.data.context','value':'training'}]}],'models':[{'model_id':'m-1'}]}",
            "InputsLogged",
            "'runId':'$id','experimentId':'0','datasets':[{'name':'d','digest':'1','sourceType':'local','context':'training'}],'totalDatasets':1,'modelIds':['m-1'],'totalModels':1",
            "{'run_id':'$id','datasets':[{'dataset':{'name':'d'}}]}"),
        post(
            "runs/outputs",
            one,
            "{'run_id':'$id','models':[{'model_id':'m-1','step':3}]}",
            "OutputsLogged",
            "'runId':'$id','experimentId':'0','models':[{'modelId':'m-1','step':3}],'total':1",
            "{'run_id':'$id','models':[]}"),
        post(
                "runs/log-model",
                one,
                "{'run_id':'$id','model_json':'{\\'artifact_path\\':\\'model\\',\\'run_id\\':\\'r\\',\\'utc_time_created\\':\\'t\\',\\'flavors\\':{}}'}",
                "RunTagsChanged",
                "'runId':'$id','total':1" + BY,
                "{'run_id':'$id','model_json':'{}'}")
            .again());
  }

  private static List<Call> loggedModels() {
    Supplier<String> one =
        () ->
            mlflow
                .post("logged-models", "{'experiment_id':'0','name':'m'}")
                .body()
                .at("/model/info/model_id")
                .asString();
    String run = mlflow.run("0");
    return List.of(
        post(
                "logged-models",
                () -> "",
                "{'experiment_id':'0','name':'$new','model_type':'t','source_run_id':'r','params':[{'key':'p','value':'1'}],'tags':[{'key':'t','value':'2'}]}",
                "LoggedModelCreated",
                "'experimentId':'0','name':'$new','modelType':'t','runId':'r','status':'PENDING','params':[{'key':'p','value':'1','cut':false}],'totalParams':1,'tags':[{'key':'t','value':'2','cut':false}],'totalTags':1"
                    + BY,
                "{'experiment_id':'x','name':'$new'}")
            .again(),
        call(
            "PATCH",
            "logged-models/%s",
            one,
            "{'model_id':'$id','status':'LOGGED_MODEL_READY'}",
            "LoggedModelUpdated",
            "'modelId':'$id','experimentId':'0','previousStatus':'PENDING','status':'READY'" + BY,
            "{'model_id':'$id','status':'NOT'}"),
        call(
            "DELETE",
            "logged-models/%s",
            one,
            "",
            "LoggedModelDeleted",
            "'modelId':'$id','experimentId':'0'" + BY,
            "logged-models/%s-not"),
        call(
            "PATCH",
            "logged-models/%s/tags",
            one,
            "{'tags':[{'key':'a','value':'1'},{'key':'b','value':'2'}]}",
            "LoggedModelTagsChanged",
            "'modelId':'$id','tags':[{'key':'a','value':'1','cut':false},{'key':'b','value':'2','cut':false}],'total':2"
                + BY,
            "{'tags':[{'value':'1'}]}"),
        call(
            "DELETE",
            "logged-models/%s/tags/a",
            () -> {
              String id = one.get();
              ok(
                  mlflow.send(
                      "PATCH",
                      "logged-models/" + id + "/tags",
                      "{'tags':[{'key':'a','value':'1'}]}"));
              return id;
            },
            "",
            "LoggedModelTagsChanged",
            "'modelId':'$id','tags':[{'key':'a','value':null,'cut':false}],'total':1" + BY,
            "logged-models/%s/tags/other"),
        post(
            "logged-models/%s/params",
            one,
            "{'model_id':'$id','params':[{'key':'p','value':'1'}]}",
            "LoggedModelParamsLogged",
            "'modelId':'$id','experimentId':'0','params':[{'key':'p','value':'1','cut':false}],'total':1",
            "{'model_id':'$id','params':[{'key':'p','value':'2'}]}"),
        post(
            "runs/log-metric",
            one,
            "{'run_id':'%s','model_id':'$id','key':'m','value':0.5,'timestamp':1,'step':2}"
                .formatted(run),
            "LoggedModelMetricsLogged",
            "'requestId':null,'modelId':'$id','runId':'%s','experimentId':'0','metrics':[%s],'total':1"
                .formatted(run, point(0.5, 2, 1, "null")),
            "{'run_id':'%s','model_id':'$id','key':'m','value':0.5,'timestamp':-1}".formatted(run)),
        post(
            "runs/log-batch",
            one,
            "{'run_id':'%s','metrics':[%s,%s,%s]}"
                .formatted(
                    run,
                    "{'key':'m','value':2.5,'timestamp':2,'step':4,'model_id':'$id'}",
                    "{'key':'m','value':1.5,'timestamp':3,'step':3,'model_id':'$id'}",
                    "{'key':'m','value':3.5,'timestamp':1,'step':1,'model_id':'$id','dataset_name':'d','dataset_digest':'1'}"),
            "LoggedModelMetricsLogged",
            "'modelId':'$id','runId':'%s','metrics':[%s,%s],'total':3"
                .formatted(run, point(2.5, 4, 2, "null"), point(3.5, 1, 1, "'d'")),
            "{'run_id':'%s','metrics':[%s,%s]}"
                .formatted(
                    run,
                    "{'key':'n','value':1,'timestamp':1,'model_id':'$id'}",
                    "{'key':'n','value':1,'timestamp':1,'model_id':'m-none'}")));
  }

  private static String point(double value, int step, int millis, String dataset) {
    return "{'key':'m','value':%s,'step':%d,'timestamp':'1970-01-01T00:00:00.%03dZ','datasetName':%s,'datasetDigest':%s}"
        .formatted(value, step, millis, dataset, dataset.replace('d', '1'));
  }

  private static List<Call> webhooks() {
    String state =
        "'form':'MLFLOW','origin':'http://127.0.0.1:9','types':['model_version.created'],'status':'DISABLED'";
    String made =
        "{'name':'%s','url':'http://127.0.0.1:9/hidden?too','status':'DISABLED','events':[{'entity':'MODEL_VERSION','action':'CREATED'}]}";
    Supplier<String> mlflowHook =
        () ->
            ok(mlflow.post("webhooks", made.formatted("hook")))
                .body()
                .at("/webhook/webhook_id")
                .asString();
    String own = "/api/v1/webhooks";
    String standard =
        "{'name':'%s','url':'http://127.0.0.1:9/hidden?too','types':['RunEnded'],'flows':['none'],'enabled':%s}";
    Supplier<String> off = () -> hook(standard.formatted("hook", false));
    Supplier<String> on = () -> hook(standard.formatted("hook", true));
    return List.of(
        post(
                "webhooks",
                () -> "",
                made.formatted("$new"),
                "WebhookCreated",
                "'name':'$new','description':'','signed':false," + state + BY,
                "{'name':'$new $new'}")
            .again(),
        call(
            "PATCH",
            "webhooks/%s",
            mlflowHook,
            "{'url':'http://127.0.0.1:9/else','description':'d'}",
            "WebhookUpdated",
            "'webhookId':'$id','description':'d','changed':['url','description']," + state + BY,
            "{'name':'$new $new'}"),
        call(
                "PATCH",
                "webhooks/%s",
                mlflowHook,
                "{'secret':'$new'}",
                "WebhookUpdated",
                "'webhookId':'$id','signed':true,'changed':['secret']" + BY,
                "{'url':'ftp://elsewhere'}")
            .again(),
        call(
            "DELETE",
            "webhooks/%s",
            mlflowHook,
            "",
            "WebhookDeleted",
            "'webhookId':'$id','name':'hook','form':'MLFLOW'" + BY,
            "webhooks/%s-not"),
        post(
                own,
                () -> "",
                standard.formatted("$new", false),
                "WebhookCreated",
                "'name':'$new','form':'STANDARD','origin':'http://127.0.0.1:9','types':['RunEnded'],'flows':['none'],'models':[],'pipelines':[],'status':'DISABLED','signed':true"
                    + BY,
                "{'name':'$new'}")
            .again(),
        call(
            "PATCH",
            own + "/%s",
            off,
            "{'name':'$new','types':[],'models':['m'],'pipelines':['p'],'flows':['none','nor']}",
            "WebhookUpdated",
            "'webhookId':'$id','name':'$new','changed':['name','types','models','pipelines','flows']"
                + BY,
            "{'types':['Nothing']}"),
        post(
            own + "/%s/enable",
            off,
            "",
            "WebhookUpdated",
            "'webhookId':'$id','status':'ACTIVE','changed':['status']" + BY,
            own + "/%s-not/enable"),
        post(
            own + "/%s/disable",
            on,
            "",
            "WebhookUpdated",
            "'webhookId':'$id','status':'DISABLED','changed':['status']" + BY,
            own + "/%s-not/disable"),
        post(
                own + "/%s/rotate",
                off,
                "",
                "WebhookUpdated",
                "'webhookId':'$id','signed':true,'changed':['secret']" + BY,
                own + "/%s-not/rotate")
            .again(),
        call(
            "DELETE",
            own + "/%s",
            off,
            "",
            "WebhookDeleted",
            "'webhookId':'$id','name':'hook','form':'STANDARD'" + BY,
            own + "/%s-not"));
  }

  private static String hook(String body) {
    return ok(tracking.post("/api/v1/webhooks", body)).body().path("id").asString();
  }

  private static List<Call> work() {
    return List.of(
        post(
            "/api/v1/runs/%s/cancel",
            () -> {
              String pipeline = Mlflow.name();
              tracking.apply(pipeline);
              String run = tracking.queued(pipeline, Mlflow.name()).getRunId();
              ok(tracking.post("/api/v1/runs/" + run + "/start", "{'worker':'w'}"));
              return run;
            },
            "{'by':'ada'}",
            "RunCancelRequested",
            "'runId':'$id','by':'ada'",
            "{}"));
  }

  private static List<Call> registry() {
    Supplier<String> model =
        () -> done(Mlflow.name(), "registered-models/create", "{'name':'$id'}");
    Supplier<String> version =
        () -> done(model.get(), "model-versions/create", "{'name':'$id','source':'s3://b/m'}");
    String ofModel = "'modelName':'$id'";
    String ofVersion = ofModel + ",'version':1";
    return List.of(
        post(
            "registered-models/create",
            () -> "",
            "{'name':'$new','description':'d'}",
            "RegisteredModelCreated",
            "'modelName':'$new','description':'d'" + BY,
            "{'name':'$new/x'}"),
        call(
            "PATCH",
            "registered-models/update",
            model,
            "{'name':'$id','description':'d'}",
            "RegisteredModelUpdated",
            ofModel + ",'description':'d'" + BY,
            "{'name':'$id-not','description':'d'}"),
        post(
            "registered-models/rename",
            model,
            "{'name':'$id','new_name':'$new'}",
            "RegisteredModelRenamed",
            "'previousName':'$id','modelName':'$new'" + BY,
            "{'name':'$new','new_name':''}"),
        call(
            "DELETE",
            "registered-models/delete",
            model,
            "{'name':'$id'}",
            "RegisteredModelDeleted",
            ofModel + BY,
            "{'name':'$id-not'}"),
        post(
            "registered-models/set-tag",
            model,
            "{'name':'$id','key':'k','value':'v'}",
            "RegisteredModelTagChanged",
            ofModel + ",'key':'k','value':'v'" + BY,
            "{'name':'$id','value':'v'}"),
        call(
            "DELETE",
            "registered-models/delete-tag",
            () ->
                done(
                    model.get(),
                    "registered-models/set-tag",
                    "{'name':'$id','key':'k','value':'v'}"),
            "{'name':'$id','key':'k'}",
            "RegisteredModelTagChanged",
            ofModel + ",'key':'k','value':null" + BY,
            "{'name':'$id-not','key':'k'}"),
        post(
            "registered-models/alias",
            version,
            "{'name':'$id','alias':'a','version':'1'}",
            "ModelAliasChanged",
            ofVersion + ",'alias':'a','previousVersion':null" + BY,
            "{'name':'$id','alias':'b','version':'7'}"),
        call(
            "DELETE",
            "registered-models/alias",
            () ->
                done(
                    version.get(),
                    "registered-models/alias",
                    "{'name':'$id','alias':'a','version':'1'}"),
            "{'name':'$id','alias':'a'}",
            "ModelAliasChanged",
            ofModel + ",'version':null,'alias':'a','previousVersion':1" + BY,
            "{'name':'$id-not','alias':'a'}"),
        post(
                "model-versions/create",
                model,
                "{'name':'$id','source':'s3://b/m'}",
                "ModelVersionCreated",
                ofVersion + ",'source':'s3://b/m','by':'ada'",
                "{'name':'$id-not','source':'s3://b/m'}")
            .again(),
        call(
            "PATCH",
            "model-versions/update",
            version,
            "{'name':'$id','version':'1','description':'d'}",
            "ModelVersionUpdated",
            ofVersion + ",'description':'d'" + BY,
            "{'name':'$id','version':'7','description':'d'}"),
        post(
            "model-versions/transition-stage",
            version,
            "{'name':'$id','version':'1','stage':'Staging'}",
            "ModelStageChanged",
            ofVersion + ",'previousStage':'None','stage':'Staging'" + BY,
            "{'name':'$id','version':'1','stage':'Elsewhere'}"),
        call(
            "DELETE",
            "model-versions/delete",
            version,
            "{'name':'$id','version':'1'}",
            "ModelVersionDeleted",
            ofVersion + BY,
            "{'name':'$id','version':'7'}"),
        post(
            "model-versions/set-tag",
            version,
            "{'name':'$id','version':'1','key':'k','value':'v'}",
            "ModelVersionTagChanged",
            ofVersion + ",'key':'k','value':'v'" + BY,
            "{'name':'$id','version':'7','key':'k','value':'v'}"),
        call(
            "DELETE",
            "model-versions/delete-tag",
            () ->
                done(
                    version.get(),
                    "model-versions/set-tag",
                    "{'name':'$id','version':'1','key':'k','value':'v'}"),
            "{'name':'$id','version':'1','key':'k'}",
            "ModelVersionTagChanged",
            ofVersion + ",'key':'k','value':null" + BY,
            "{'name':'$id','version':'7','key':'k'}"));
  }

  /** Does something to a subject that the call needs, and gives the subject on. */
  private static String done(String id, String path, String body) {
    ok(mlflow.post(path, body.replace("$id", id)));
    return id;
  }

  private static Answer ok(Answer answer) {
    assertThat(answer.status()).as(answer.text()).isBetween(200, 299);
    return answer;
  }

  /** An event of the history, with its place in it. */
  private record Told(long seq, String type, JsonNode data) {}

  private static List<Told> told(String where, Object... args) {
    return tracking
        .database()
        .read(
            tx ->
                tx.query(
                    "select * from flow_events where " + where + " order by seq",
                    row ->
                        new Told(
                            row.int8("seq"),
                            row.string("type"),
                            RunningTracking.JSON.readTree(row.json("data"))),
                    args));
  }

  private static List<String> types(List<Told> told) {
    return told.stream().map(Told::type).toList();
  }

  /** A call that was made twice, and once so that it is refused. */
  private record Made(Call call, String id, String fresh) {

    static Made of(Call call) {
      return new Made(call, call.subject().get(), Mlflow.name());
    }

    void make() {
      ok(send(call.path(), call.body()));
      assertThat(send(call.path(), call.body()).status()).as("%s, again", call).isLessThan(500);
      Answer refusal =
          call.body().isEmpty() ? send(call.refused(), "") : send(call.path(), call.refused());
      assertThat(refusal.status()).as("%s: %s", call, refusal.text()).isBetween(400, 499);
    }

    private Answer send(String path, String body) {
      return tracking.send(
          call.method(),
          (path.startsWith("/") ? "" : "/api/2.0/mlflow/") + path.formatted(id),
          filled(body),
          "X-Millrace-User",
          "ada",
          "X-Millrace-Reason",
          "because");
    }

    String filled(String text) {
      return text.replace("$id", id).replace("$new", fresh);
    }

    List<Told> events(long after) {
      return id.isEmpty()
          ? told("seq > $1 and strpos(data::text, $2) > 0", after, fresh)
          : told("seq > $1 and key = $2", after, id);
    }
  }

  @Test
  void eachChangeLeavesOneEventAndNothingElseDoes() {
    List<Made> all = calls().map(Made::of).toList();
    tracking.settle();
    long before = tracking.count("select coalesce(max(seq), 0) as n from flow_events");
    all.forEach(Made::make);
    all.stream()
        .filter(made -> made.call().event().equals("MetricsLogged"))
        .forEach(
            made ->
                tracking.await(MetricsLogged.class, event -> event.getRunId().equals(made.id())));
    tracking.settle();
    SoftAssertions.assertSoftly(
        softly -> {
          for (Made made : all) {
            Call call = made.call();
            List<Told> events = made.events(before);
            softly
                .assertThat(types(events))
                .as(call.toString())
                .isEqualTo(Collections.nCopies(call.leaves(), call.event()));
            if (!events.isEmpty()) {
              JsonNode data = events.getFirst().data();
              RunningTracking.JSON
                  .readTree("{" + made.filled(call.says()).replace('\'', '"') + "}")
                  .properties()
                  .forEach(
                      field ->
                          softly
                              .assertThat(data.get(field.getKey()))
                              .as("%s: %s of %s", call, field.getKey(), data)
                              .isEqualTo(field.getValue()));
            }
          }
        });
  }

  @Test
  void noCallIsLeftOut() {
    Set<String> known = new TreeSet<>(READS);
    known.addAll(TESTED_ELSEWHERE.keySet());
    calls().map(Call::route).forEach(known::add);
    assertThat(changingRoutes())
        .as("calls that may change something: give each its line of calls()")
        .isEqualTo(known);
  }

  @Test
  void thePageSaysWhyACallLeavesNoEvent() throws IOException {
    String page = Files.readString(PAGE).replaceAll("\\{[^}]*}", "{}");
    assertThat(READS).allSatisfy(call -> assertThat(page).contains(call.split(" ")[1] + "`"));
  }

  private static Set<String> changingRoutes() {
    Set<String> routes = new TreeSet<>();
    tracking
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (route, handler) -> {
              Class<?> type = handler.getBeanType();
              if (type.getName().startsWith("io.millrace.")
                  && type != UnknownEndpoints.class
                  && !type.getSimpleName().startsWith("NotImplemented")) {
                for (RequestMethod method : route.getMethodsCondition().getMethods()) {
                  if (method != RequestMethod.GET) {
                    route.getPatternsCondition().getPatterns().stream()
                        .map(PathPattern::getPatternString)
                        .forEach(
                            path ->
                                routes.add(
                                    method
                                        + " "
                                        + path.replaceFirst("^/(ajax-)?api/[0-9.]+/mlflow/", "")
                                            .replaceAll("\\{[^}]*}", "{}")));
                  }
                }
              }
            });
    return routes;
  }

  @Test
  void tellsOfParametersAndTagsOfOneBatch() {
    String run = mlflow.run("0");
    ok(
        mlflow.post(
            "runs/log-batch",
            "{'run_id':'%s','params':[{'key':'p','value':'1'}],'tags':[{'key':'t','value':'1'}]}"
                .formatted(run)));
    tracking.settle();
    assertThat(types(told("key = $1", run)))
        .containsExactly("RunCreated", "ParamsLogged", "RunTagsChanged");
  }

  @Test
  void tellsOfANameBesideAnEnd() {
    String run = mlflow.run("0");
    ok(
        mlflow.post(
            "runs/update", "{'run_id':'%s','run_name':'best','status':'FINISHED'}".formatted(run)));
    tracking.settle();
    List<Told> told = told("key = $1", run);
    assertThat(types(told)).containsExactly("RunCreated", "RunUpdated", "RunEnded");
    assertThat(told.get(1).data().path("name").asString()).isEqualTo("best");
  }

  @Test
  void callsOnOneRunAtOnceLeaveTheirEventsInTheOrderOfTheChanges() throws Exception {
    String run = mlflow.run("0");
    int clients = 8;
    int calls = 15;
    List<Callable<Void>> work =
        IntStream.range(0, clients)
            .<Callable<Void>>mapToObj(
                client ->
                    () -> {
                      for (int i = 0; i < calls; i++) {
                        String own = client + "-" + i;
                        ok(
                            mlflow.post(
                                "runs/log-batch",
                                "{'run_id':'%s','params':[{'key':'%s','value':'v'}],'metrics':[{'key':'m','value':1,'timestamp':%d}],'tags':[{'key':'last','value':'%s'},{'key':'mlflow.runName','value':'%s'}]}"
                                    .formatted(run, own, client * calls + i, own, own)));
                      }
                      return null;
                    })
            .toList();
    try (var threads = Executors.newFixedThreadPool(clients)) {
      for (Future<Void> done : threads.invokeAll(work)) {
        done.get();
      }
    }
    tracking.settle();
    List<Told> told =
        told("key = $1 and topic = $2 and type <> 'RunCreated'", run, Topics.RUNS.name());
    assertThat(types(told).stream().filter("ParamsLogged"::equals)).hasSize(clients * calls);
    List<Told> tags = told.stream().filter(one -> one.type().equals("RunTagsChanged")).toList();
    assertThat(tags).hasSize(clients * calls);
    String last = tags.getLast().data().path("tags").get(0).path("value").asString();
    assertThat(mlflow.readRun(run).at("/info/run_name").asString()).isEqualTo(last);
  }

  /** 900 KiB is what an event may have at most; these calls have megabytes. */
  @Test
  void boundsEventsHoweverMuchIsLogged() {
    String huge = "\ud83c\udf0a".repeat(7000);
    String hundred = entries(100, huge);
    String hundreds = entries(300, huge);
    String run =
        ok(mlflow.post(
                "runs/create",
                "{'experiment_id':'0','user_id':'%s','tags':%s}"
                    .formatted("u".repeat(2_000_000), hundreds)))
            .body()
            .at("/run/info/run_id")
            .asString();
    ok(
        mlflow.post(
            "runs/log-batch",
            "{'run_id':'%s','params':%s,'tags':%s}"
                .formatted(run, hundred, entries(100, huge + "!".repeat(500)))));
    String model =
        ok(mlflow.post(
                "logged-models",
                "{'experiment_id':'0','params':%s,'tags':%s}".formatted(hundred, hundreds)))
            .body()
            .at("/model/info/model_id")
            .asString();
    tracking.settle();
    List<Told> told = told("key = $1", run);
    assertThat(types(told)).containsExactly("RunCreated", "ParamsLogged", "RunTagsChanged");
    JsonNode created = told.getFirst().data();
    assertThat(created.path("userId").asString()).hasSize(500);
    assertThat(created.path("totalTags").asInt()).isEqualTo(301);
    assertThat(created.path("tags").size()).isEqualTo(100);
    JsonNode logged = told.get(1).data();
    assertThat(logged.path("total").asInt()).isEqualTo(100);
    assertThat(logged.path("params").size()).isEqualTo(100);
    JsonNode param = logged.path("params").get(0);
    assertThat(param.path("value").asString()).isEqualTo(huge.substring(0, 1000));
    assertThat(param.path("cut").asBoolean()).isTrue();
    JsonNode made = told("key = $1", model).getFirst().data();
    assertThat(made.path("params").size()).isEqualTo(100);
    assertThat(made.path("totalTags").asInt()).isEqualTo(300);
  }

  private static String entries(int many, String value) {
    return IntStream.range(0, many)
        .mapToObj(i -> "{'key':'%s%03d','value':'%s'}".formatted("k".repeat(200), i, value))
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void eventsOfARequestedRunAreInItsFlow() {
    String pipeline = "events-" + Mlflow.name();
    String request = Mlflow.name();
    tracking.apply(pipeline);
    RunQueued queued = tracking.queued(pipeline, request);
    String run = queued.getRunId();
    ok(mlflow.post("runs/set-tag", "{'run_id':'%s','key':'t','value':'v'}".formatted(run)));
    ok(mlflow.post("runs/log-parameter", "{'run_id':'%s','key':'q','value':'v'}".formatted(run)));
    tracking.settle();
    assertThat(types(told("key = $1 and topic = $2", run, Topics.RUNS.name())))
        .containsExactly("RunTagsChanged", "ParamsLogged");
    assertThat(types(told("flow_id = $1", request)))
        .contains("RunTagsChanged", "ParamsLogged")
        .doesNotContain("RunCreated");
    assertThat(tracking.get("/api/v1/flows/" + request).body().path("status").asString())
        .isEqualTo("QUEUED");
    assertThat(
            types(
                told(
                    "key = $1 and topic = $2",
                    queued.getExperimentId(),
                    Topics.EXPERIMENTS.name())))
        .containsExactly("ExperimentCreated");
  }
}
