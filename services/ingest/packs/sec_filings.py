"""The companies that file with the SEC, and the feed of each: EDGAR's, by company.

https://www.sec.gov/search-filings/edgar-application-programming-interfaces. The SEC asks programs to name a contact in
User-Agent and to send at most ten requests a second; the client that fetches feeds sends one a second to each host.
"""

from __future__ import annotations

from schemas.feeds import Feed
from services.ingest.opml import feed_id
from services.ingest.parse.sec_companies import SecCompany

__all__ = ["COMPANIES_URL", "filings_feed"]

#: The SEC's list of companies with their tickers and numbers (CIK).
COMPANIES_URL = "https://www.sec.gov/files/company_tickers.json"
GROUP = "SEC EDGAR"


def filings_feed(company: SecCompany) -> Feed:
    """Return the feed of a company's filings, without those of its insiders (forms 3, 4 and 5)."""
    cik = f"{company.cik:010}"
    browse = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany"
    url = f"{browse}&CIK={cik}&type=&dateb=&owner=exclude&count=100&output=atom"
    return Feed(
        id=feed_id(url),
        url=url,
        title=f"{company.name}: SEC filings" if company.name else None,
        group=GROUP,
        site_url=f"{browse}&CIK={cik}",
    )
