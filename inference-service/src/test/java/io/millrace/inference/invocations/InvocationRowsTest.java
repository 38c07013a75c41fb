package io.millrace.inference.invocations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.inference.requests.Refusal;
import io.millrace.inference.rows.Example;
import io.millrace.inference.rows.InvalidRows;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvocationRowsTest {

  private static InvocationRows read(String json) {
    return InvocationRows.ofJson(
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), Example.MIXED, 1000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'dataframe_split':{'columns':['ward','age','extra','visits','urgent'],'index':[0,1],'data':[['west',51.5,9,1,true],['east',null,9,2,false]]}}",
        "{'dataframe_split':{'data':[['x','west',51.5,1,true],['y','east',null,2,false]],'columns':['extra','ward','age','visits','urgent']},'params':{}}",
        "{'dataframe_records':[{'urgent':true,'age':51.5,'visits':1.0,'ward':'west','extra':[1,{}]},{'age':null,'visits':2,'ward':'east','urgent':false}]}",
        "{'instances':[{'urgent':true,'age':51.5,'visits':1,'ward':'west'},{'age':null,'visits':2,'ward':'east','urgent':false}]}",
        "{'instances':[[51.5,1,'west',true],[null,2,'east',false]]}",
        "{'inputs':[[51.5,1,'west',true],[null,2,'east',false]]}",
        "{'inputs':{'ward':['west','east'],'visits':[[1],[2]],'age':[51.5,null],'urgent':[true,false]}}",
        "{'inputs':{'features':[[51.5,1,'west',true],[null,2,'east',false]]}}",
      })
  void readsEveryFormToTheSameRows(String json) {
    InvocationRows read = read(json);
    assertThat(read.rows().matrix()).containsExactly(51.5f, 1, 1, 1, Float.NaN, 2, 0, 0);
    assertThat(read.table()).isEqualTo(json.contains("dataframe"));
  }

  @Test
  void readsCsvWithAHeaderInAnyOrder() {
    InvocationRows read =
        InvocationRows.ofCsv(
            "ward,extra,urgent,age,visits\r\nwest,1,true,51.5,1\r\n\"east\",2,false,,2\r\n"
                .getBytes(StandardCharsets.UTF_8),
            Example.MIXED,
            1000);
    assertThat(read.rows().matrix()).containsExactly(51.5f, 1, 1, 1, Float.NaN, 2, 0, 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                                                               | JSON object
          {}                                                               | has no rows
          {'instances':[[1,2,'east',true]],'inputs':[[1,2,'east',true]]}   | exactly one
          {'signature_name':'x','instances':[[1,2,'east',true]]}           | not a key
          {'columns':['a'],'data':[[1]]}                                   | not a key
          {'dataframe_split':{'columns':['age'],'data':[[1]]}}             | column 'visits' is missing
          {'dataframe_split':{'columns':['age','age'],'data':[[1,2]]}}     | twice
          {'dataframe_split':{'columns':['age','visits'],'data':[[1]]}}    | rows of 2 values
          {'dataframe_split':{'columns':[1],'data':[[1]]}}                 | array of names
          {'dataframe_split':{'columns':['age']}}                          | no data
          {'dataframe_records':[{'age':1,'visits':2,'ward':'east'}]}       | column 'urgent' is missing
          {'dataframe_records':[{'age':1,'age':2,'visits':2,'ward':'east','urgent':true}]} | twice
          {'dataframe_records':[{'aage':1,'visits':2,'ward':'east','urgent':true}]} | is 'aage' meant
          {'dataframe_records':[]}                                         | no rows
          {'dataframe_records':{}}                                         | array of objects
          {'instances':[[1,2.5,'east',true]]}                              | whole number
          {'instances':[['1',2,'east',true]]}                              | is not a number
          {'instances':[[true,2,'east',true]]}                             | is not a number
          {'instances':[[1,2,'east','maybe']]}                             | true or false
          {'instances':[[1,2,'east']]}                                     | rows of 4 values
          {'instances':[1,2,3,4]}                                          | rows of 4 values
          {'instances':[[1,2,'east',true],[1]]}                            | ragged
          {'inputs':{'age':[1],'visits':[1,2],'ward':['east'],'urgent':[true]}} | has 2 values
          {'inputs':{'age':1}}                                             | is not an array
          {'inputs':5}                                                     | array of rows
          {'instances':[[1,2,'east',true]],'params':5}                     | params must be
          """)
  void refusesWhatDoesNotFitAndSaysWhy(String json, String reason) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOfAny(Refusal.class, InvalidRows.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          age,visits,ward\\n1,2,east                   | column 'urgent' is missing
          age,visits,ward,urgent\\n1,2                 | line
          age,visits,ward,urgent\\nx,2,east,true       | is not a number
          age,visits,ward,urgent                       | no rows
          """)
  void refusesCsvThatDoesNotFit(String csv, String reason) {
    assertThatThrownBy(
            () ->
                InvocationRows.ofCsv(
                    csv.replace("\\n", "\n").getBytes(StandardCharsets.UTF_8), Example.MIXED, 1000))
        .isInstanceOfAny(Refusal.class, InvalidRows.class)
        .hasMessageContaining(reason);
  }
}
