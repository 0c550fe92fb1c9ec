"""Tables of stations in the spellings that people use."""

import obspy
import pytest
from obspy.core import inventory

from workbench.errors import SourceError
from workbench.schema import Station
from workbench.sources.stations import StationBook, read_station_table, read_stationxml


def table(folder, text, name="stations.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "network,station,latitude,longitude,elevation\nXX,A,46.5,13.1,850\n",
        "NET;STA;LAT;LON;ELEV\nXX;A;46.5;13.1;850\n",
        "net sta lat lon elev_m\nXX A 46.5 13.1 850\n",
        "Station\tNetwork\tLongitude\tLatitude\tElevation (km)\nA\tXX\t13.1\t46.5\t0.85\n",
        "station_network_code,station_code,station_latitude_deg,station_longitude_deg,station_elevation_m\nXX,A,46.5,13.1,850\n",
        "#Network | Station | Latitude | Longitude | Elevation | SiteName\nXX|A|46.5|13.1|850|Somewhere\n",
        "id,longitude,latitude,elevation(m)\nXX.A.00,13.1,46.5,850\n",
        "\ufeffcode,lat,lng,altitude\nXX.A,46.5,13.1,850\n",
        "seed_id,latitude,longitude,elevation\nXX.A.00.HHZ,46.5,13.1,850\n",
        "stnm,stla,stlo,stel\nA,46.5,13.1,850\n",
        "network,station,latitude,longitude,elevation,name\nXX,A,46.5,13.1,850,A hut on a hill\n",
        "id,name,sta,net,lat,lon,elev\n17,A hut on a hill,A,XX,46.5,13.1,850\n",
    ],
)
def test_many_spellings_say_the_same(tmp_path, text):
    stations, guess = read_station_table(table(tmp_path, text))
    found = StationBook(stations).find("XX.A.00")
    assert (found.latitude_deg, found.longitude_deg, found.elevation_m) == (46.5, 13.1, 850.0)
    assert guess == ""


def test_a_station_that_was_moved_stands_where_it_stood_then(tmp_path):
    moved = obspy.UTCDateTime(2015, 1, 1)
    epochs = [
        inventory.Station("A", 46.0, 13.0, 100.0, start_date=obspy.UTCDateTime(2010, 1, 1), end_date=moved),
        inventory.Station("A", 47.0, 13.0, 200.0, start_date=moved),
    ]
    path = tmp_path / "stations.xml"
    inventory.Inventory([inventory.Network("XX", epochs)], source="test").write(str(path), format="STATIONXML")
    book = StationBook(read_stationxml(path)[0])
    found = [book.find("XX.A.", obspy.UTCDateTime(year, 6, 1).ns) for year in (2005, 2012, 2020)]
    assert [station.latitude_deg for station in found] == [46.0, 46.0, 47.0]


def test_small_elevations_with_decimals_are_kilometres_and_that_is_said(tmp_path):
    text = "Latitude,Longitude,Elevation,Name\n64.68,-17.13,1.381,DYJN\n64.63,-16.98,0.688,DYJS\n"
    stations, guess = read_station_table(table(tmp_path, text, "iceland_stations.txt"))
    assert StationBook(stations).find("Z7.DYJN.").elevation_m == pytest.approx(1381.0)
    assert guess.startswith("iceland_stations.txt: the column of elevations names no unit")


def test_small_whole_elevations_are_metres(tmp_path):
    stations, guess = read_station_table(table(tmp_path, "sta,lat,lon,elev\nA,46,13,3\nB,46,13,7.5\n"))
    assert [station.elevation_m for station in stations] == [3.0, 7.5]
    assert guess == ""


def test_the_same_code_in_two_networks_is_two_stations():
    book = StationBook([Station("XX.A", 1.0, 1.0), Station("YY.A", 2.0, 2.0)])
    assert book.find("YY.A.").latitude_deg == 2.0
    assert book.find("ZZ.A.").latitude_deg != book.find("ZZ.A.").latitude_deg


def test_a_location_has_its_own_place():
    book = StationBook([Station("XX.A.00", 1.0, 1.0), Station("XX.A.10", 2.0, 2.0)])
    assert book.find("XX.A.10").latitude_deg == 2.0
    assert book.find("XX.A.10").station == "XX.A.10"


def test_a_table_without_a_needed_column_says_which(tmp_path):
    with pytest.raises(SourceError, match=r"no column for longitude"):
        read_station_table(table(tmp_path, "sta,lat,elev\nA,46,3\n"))


def test_text_in_the_place_of_a_number_is_shown(tmp_path):
    with pytest.raises(SourceError, match="46 north"):
        read_station_table(table(tmp_path, "sta,lat,lon\nA,46 north,13\n"))


def test_an_empty_elevation_is_not_known(tmp_path):
    stations, _ = read_station_table(table(tmp_path, "sta,lat,lon,elev\nA,46,13,\n"))
    assert stations[0].elevation_m != stations[0].elevation_m


def test_a_broken_stationxml_is_one_clear_error(tmp_path):
    path = table(tmp_path, "<FDSNStationXML><Network", "broken.xml")
    with pytest.raises(SourceError, match=r"broken\.xml is not StationXML"):
        read_stationxml(path)


def test_the_tables_beside_the_real_recordings_are_read(shared_data):
    hengill, guess = read_station_table(shared_data / "hengill" / "stations.csv")
    assert StationBook(hengill).find("2C.BIT06.") == Station("2C.BIT06.", 64.049, -21.267, 414.0)
    assert guess == ""
    iceland, guess = read_station_table(shared_data / "iceland" / "iceland_stations.txt")
    assert StationBook(iceland).find("Z7.DYJN.").elevation_m == pytest.approx(1381.0)
    assert "km" in guess


@pytest.mark.parametrize("code", ["NA", "NAN", "nan"])
def test_codes_that_read_like_nothing_stay_text(tmp_path, code):
    stations, _ = read_station_table(
        table(tmp_path, f"network,station,latitude,longitude,elevation\n{code},{code},46.5,13.1,NAN\n")
    )
    assert [station.station for station in stations] == [f"{code}.{code}"]


def test_network_and_station_in_one_column_are_a_code(tmp_path):
    table = tmp_path / "stations.csv"
    table.write_text("NET STA,latitude,longitude,elevation\nXX ABC,64.0,-21.5,300\nXX DEF 00,64.1,-21.4,310\n")
    stations, _ = read_station_table(table)
    assert [station.station for station in stations] == ["XX.ABC.", "XX.DEF.00"]
    assert StationBook(stations).find("XX.ABC.").latitude_deg == 64.0


@pytest.mark.parametrize("head", ["station,X,Y,Z", "Station,X (m),Y (m)", "sta,easting,northing"])
def test_places_on_a_plane_are_refused_with_what_was_expected(tmp_path, head):
    table = tmp_path / "stations.csv"
    table.write_text(f"{head}\nABC,384000,7104000,300\n")
    with pytest.raises(
        SourceError, match=r"stations.csv gives places on a plane .* latitude and longitude, in degrees"
    ):
        read_station_table(table)
