"""A figure a file: functions of frames that give back Plotly figures."""
