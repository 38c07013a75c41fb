package io.millrace.tracking;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.MlflowApi;
import org.springframework.web.bind.annotation.RestController;

@AnalyzeClasses(
    packages = "io.millrace.tracking",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final DescribedPredicate<JavaClass> EVENTS =
      JavaClass.Predicates.resideInAPackage("io.millrace.events..");

  @ArchTest
  static final ArchRule FEATURES_HAVE_NO_CYCLES =
      slices()
          .matching("io.millrace.tracking.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a feature that is read alone must not lead back to where it was used from");

  @ArchTest
  static final ArchRule EVENTS_STOP_AT_THE_EDGE =
      noClasses()
          .that()
          .haveNameNotMatching(".*(Listener|Events|Controller)(\\$.*)?")
          .should()
          .dependOnClassesThat(EVENTS)
          .because("a change of a schema must not reach what decides");

  @ArchTest
  static final ArchRule LISTENERS_KEEP_TO_THEIR_STORES =
      classes()
          .that()
          .haveSimpleNameEndingWith("Listener")
          .should(new OwnStoresOnly())
          .because("what a feature stores is that feature's business; others ask it");

  @ArchTest
  static final ArchRule DECISIONS_KNOW_NO_DATABASE =
      noClasses()
          .that()
          .haveNameMatching(".*\\.(Job|JobStatus|Run|RunStatus|FlowStatus|FlowSteps)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.millrace.database..", "io.millrace.messaging..", "org.springframework..")
          .because("what decides is tested without a broker or a database");

  @ArchTest
  static final ArchRule HTTP_IS_NOBODYS_BUSINESS =
      classes()
          .that()
          .areMetaAnnotatedWith(RestController.class)
          .and()
          .areNotAnnotations()
          .should()
          .bePackagePrivate()
          .because("HTTP comes in through them, other features do not");

  @ArchTest
  static final ArchRule MLFLOW_CALLS_SHARE_ONE_FORM =
      classes()
          .that()
          .haveSimpleNameEndingWith("Endpoints")
          .and()
          .doNotHaveSimpleName("ServerEndpoints")
          .should()
          .beAnnotatedWith(MlflowApi.class)
          .because("both prefixes, the messages and the errors of MLflow come with the annotation");

  /** No calls of another feature's class that takes a transaction and says nothing else. */
  private static final class OwnStoresOnly extends ArchCondition<JavaClass> {

    OwnStoresOnly() {
      super("call no store of another feature");
    }

    @Override
    public void check(JavaClass listener, ConditionEvents found) {
      listener.getMethodCallsFromSelf().stream()
          .filter(
              call ->
                  call.getTarget().getRawParameterTypes().stream()
                      .anyMatch(type -> type.isEquivalentTo(Tx.class)))
          .filter(
              call ->
                  call.getTargetOwner().getPackageName().startsWith("io.millrace.tracking")
                      && !call.getTargetOwner().getPackageName().equals(listener.getPackageName()))
          .forEach(
              call -> found.add(SimpleConditionEvent.violated(listener, call.getDescription())));
    }
  }
}
